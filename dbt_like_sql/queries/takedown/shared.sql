-- Whether a stretch of text also stands in an item or a label that stays.
select exists (
    select 1 from bronze.raw_items
    where contains(title, $stretch) or contains(body, $stretch) or contains(url, $stretch)
)
or exists (select 1 from silver.cluster_assignments where contains(snippet, $stretch))
or exists (
    select 1 from gold.issues where contains(canonical_title, $stretch) or contains(description, $stretch)
) as shared
