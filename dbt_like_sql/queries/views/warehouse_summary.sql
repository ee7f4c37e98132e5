-- The warehouse in one row.
select
    (select count(*) from bronze.raw_items) as item_count,
    (select count(distinct collection_date) from bronze.raw_items) as day_count,
    (select max(collection_date) from bronze.raw_items) as last_day,
    (select count(distinct issue_key) from gold.issues) as issue_count,
    (select count(*) from gold.global_themes) as course_theme_count,
    (select count(distinct transcript) from gold.qa_groups) as call_count,
    (select max(version) from ops.schema_version) as schema_version
