-- Schemas and the tables that every domain shares.
--
-- Tables that are replaced a partition at a time have no primary key: measured on a million rows, an index over text keys
-- makes the file 5 times as large and replacing a day 7 times as slow. That a key is unique is checked in the transaction
-- that writes it. Tables that are updated row by row keep their key.
-- Timestamps are naive and in UTC.
create schema if not exists bronze;
create schema if not exists silver;
create schema if not exists gold;
create schema if not exists ops;

create table if not exists ops.schema_version (
    version    integer primary key,
    name       varchar not null,
    sha256     varchar not null,
    applied_at timestamp not null
);
comment on table ops.schema_version is 'Migrations that this warehouse has had, with the hash of what was applied.';

create table if not exists ops.llm_calls (
    call_id           varchar not null,
    called_at         timestamp not null,
    run_id            varchar,
    task              varchar not null,
    model             varchar not null,
    prompt_version    varchar not null,
    input_hash        varchar not null,
    prompt_tokens     bigint,
    completion_tokens bigint,
    cost_usd          double,
    latency_s         double,
    outcome           varchar not null check (outcome in ('ok', 'retried', 'fallback', 'failed', 'cached')),
    error             varchar
);
comment on table ops.llm_calls is 'One row a model call: who was asked what, what it cost and how it ended.';

create table if not exists bronze.rejected_items (
    source          varchar not null,
    collection_date date not null,
    source_item_id  varchar,
    reason          varchar not null,
    payload         varchar not null,
    rejected_at     timestamp not null
);
comment on table bronze.rejected_items is 'Records that did not have the shape their API documents, set aside with the reason.';
