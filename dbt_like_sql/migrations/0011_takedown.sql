-- What was taken down, so that it is never collected again, and when published evidence was last looked up at its source.
-- Neither table holds an address or a name in clear.
create table if not exists ops.tombstones (
    kind         varchar not null check (kind in ('item', 'author')),
    url_hash     varchar,
    author_hash  varchar,
    source       varchar,
    reason       varchar not null,
    forgotten_at timestamp not null,
    proven_at    timestamp,
    check ((kind = 'item') = (url_hash is not null)),
    check ((kind = 'author') = (author_hash is not null))
);
comment on table ops.tombstones is 'One row an item or author that was taken down; the collection drops what they name. Key: kind, url_hash, author_hash.';
comment on column ops.tombstones.kind is 'item (one post) or author (everything that somebody posted at one source)';
comment on column ops.tombstones.url_hash is 'SHA-256 of the canonical URL; null for an author';
comment on column ops.tombstones.author_hash is 'Salted hash of the author''s name; null for an item';
comment on column ops.tombstones.source is 'Source of the item or author; null where it was never collected';
comment on column ops.tombstones.reason is 'Why it was taken down';
comment on column ops.tombstones.forgotten_at is 'When it was taken down first, UTC';
comment on column ops.tombstones.proven_at is 'When a search through everything found nothing of it, UTC; null until then';

create table if not exists ops.evidence_checks (
    url_hash   varchar primary key,
    source     varchar not null,
    checked_at timestamp not null,
    outcome    varchar not null check (outcome in ('there', 'gone'))
);
comment on table ops.evidence_checks is 'One row a published evidence item: when its source was last asked whether it is still there. Key: url_hash.';
comment on column ops.evidence_checks.url_hash is 'The item';
comment on column ops.evidence_checks.source is 'Source that was asked';
comment on column ops.evidence_checks.checked_at is 'When it was asked, UTC';
comment on column ops.evidence_checks.outcome is 'there, or gone where it is about to be taken down';
