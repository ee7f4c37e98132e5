-- The warehouse in one row.
select
    (select count(*) from bronze.raw_items) as item_count,
    (select count(distinct collection_date) from bronze.raw_items) as day_count,
    (select count(*) from gold.issues) as issue_count,
    (select max(version) from ops.schema_version) as schema_version
