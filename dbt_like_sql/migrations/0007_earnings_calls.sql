-- Analysts' questions may be collected like posts (EARNINGS_CALLS_AS_SOURCE).
comment on column bronze.raw_items.source is 'github, hackernews, reddit, stackoverflow or earnings_calls';
