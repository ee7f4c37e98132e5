-- What a partition was made from, so that a repeat with the same input costs nothing; and what later layers and
-- pictures need of an item, so that nothing is cleaned, embedded or projected a second time.
create table if not exists ops.partition_inputs (
    table_name    varchar not null,
    partition_key varchar not null,
    input_hash    varchar not null,
    finished_at   timestamp not null
);
comment on table ops.partition_inputs is 'Hash of everything a partition was computed from: rows, settings, code version.';

alter table silver.cluster_assignments add column if not exists snippet varchar;
alter table silver.cluster_assignments add column if not exists map_x float;
alter table silver.cluster_assignments add column if not exists map_y float;
