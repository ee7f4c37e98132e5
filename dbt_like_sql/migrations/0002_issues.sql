-- The issues domain: a day of items, its clusters, their labels and what was published of them.
-- The key of each table that is replaced by partition stands in its comment; the transaction that writes it checks it.
create table if not exists bronze.raw_items (
    source          varchar not null,
    source_item_id  varchar not null,
    url_hash        varchar not null,
    url             varchar not null,
    collection_date date not null,
    title           varchar not null,
    body            varchar not null,
    created_at      timestamp not null,
    comment_count   integer not null,
    vote_count      integer not null,
    author_hash     varchar,
    language        varchar,
    collected_at    timestamp not null
);
comment on table bronze.raw_items is 'One row a post of a source and day of creation. Key: source, url_hash, collection_date.';

create table if not exists bronze.collections (
    source          varchar not null,
    collection_date date not null,
    item_count      integer not null,
    rejected_count  integer not null,
    request_count   integer not null,
    partial_reason  varchar,
    collected_at    timestamp not null
);
comment on table bronze.collections is 'One row a source and day that was read: how much came, and why it is partial where it is. Key: source, collection_date.';

create table if not exists silver.clusters (
    cluster_date  date not null,
    cluster_id    integer not null,
    cluster_size  integer not null,
    outlier_ratio double not null,
    mean_distance double not null,
    persistence   double not null,
    n_sources     integer not null,
    votes         bigint not null,
    comments      bigint not null
);
comment on table silver.clusters is 'One row a cluster of a day. Key: cluster_date, cluster_id.';

create table if not exists silver.cluster_assignments (
    cluster_date      date not null,
    url_hash          varchar not null,
    cluster_id        integer not null,
    membership        varchar not null check (membership in ('core', 'attached', 'noise')),
    centroid_distance double,
    probability       double not null
);
comment on table silver.cluster_assignments is 'Where each clustered item of a day went; cluster_id -1 is noise. Key: cluster_date, url_hash.';

create table if not exists gold.issues (
    cluster_date        date not null,
    cluster_id          integer not null,
    issue_key           varchar not null,
    cluster_fingerprint varchar not null,
    cluster_size        integer not null,
    canonical_title     varchar,
    category            varchar,
    description         varchar,
    would_pay_signal    boolean,
    impact_level        varchar,
    label_failed        boolean not null,
    failure_reason      varchar,
    model               varchar,
    prompt_version      varchar not null,
    reused_from         date,
    impact_score        double not null,
    created_at          timestamp not null
);
comment on table gold.issues is 'One row a labelled cluster of a day. Key: cluster_date, cluster_id.';

create table if not exists gold.issue_evidence (
    cluster_date      date not null,
    cluster_id        integer not null,
    issue_key         varchar not null,
    url_hash          varchar not null,
    source            varchar not null,
    url               varchar not null,
    title             varchar not null,
    snippet           varchar not null,
    created_at        timestamp not null,
    vote_count        integer not null,
    comment_count     integer not null,
    author_hash       varchar,
    membership        varchar not null,
    is_representative boolean not null
);
comment on table gold.issue_evidence is 'Every item of every labelled cluster. Key: cluster_date, url_hash.';

create table if not exists gold.live_issues (
    issue_key    varchar primary key,
    cluster_date date not null,
    remote_id    varchar not null,
    payload_hash varchar,
    synced_at    timestamp,
    attempts     integer not null,
    last_error   varchar
);
comment on table gold.live_issues is 'What the live issue store has of each issue, and how the last sending went.';

create table if not exists gold.live_issue_evidence (
    issue_key    varchar not null,
    url_hash     varchar not null,
    remote_id    varchar not null,
    payload_hash varchar,
    synced_at    timestamp,
    primary key (issue_key, url_hash)
);
comment on table gold.live_issue_evidence is 'What the live issue store has of each evidence item.';
