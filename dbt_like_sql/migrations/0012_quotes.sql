-- What the posts of an issue say in their own words, and where that stands in the text as it was collected.
create table if not exists gold.issue_quotes (
    cluster_date date not null,
    cluster_id   integer not null,
    issue_key    varchar not null,
    url_hash     varchar not null,
    field        varchar not null check (field in ('title', 'body')),
    quote_start  integer not null,
    quote_end    integer not null,
    quote        varchar not null
);
comment on table gold.issue_quotes is 'The most telling sentence of each representative of an issue, verbatim. Key: cluster_date, url_hash.';

comment on column gold.issue_quotes.cluster_date is 'Day and partition';
comment on column gold.issue_quotes.cluster_id is 'Cluster of that day';
comment on column gold.issue_quotes.issue_key is 'The issue';
comment on column gold.issue_quotes.url_hash is 'The item that is quoted';
comment on column gold.issue_quotes.field is 'Column of bronze.raw_items that the quote stands in: title or body';
comment on column gold.issue_quotes.quote_start is 'Characters before the quote: substr(body, quote_start + 1, quote_end - quote_start) = quote';
comment on column gold.issue_quotes.quote_end is 'Characters up to the end of the quote';
comment on column gold.issue_quotes.quote is 'The quoted words, exactly as collected';
