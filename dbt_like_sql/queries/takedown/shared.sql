-- Whether a stretch of text also stands in an item or a label that stays. A part of an address may be a part of others;
-- a whole one is nobody else's, though that of post 123 begins like that of post 12.
select exists (
    select 1 from bronze.raw_items
    where contains(title, $stretch) or contains(body, $stretch) or (not $whole and contains(url, $stretch))
)
or exists (select 1 from silver.cluster_assignments where contains(snippet, $stretch))
or exists (
    select 1 from gold.issues where contains(canonical_title, $stretch) or contains(description, $stretch)
) as shared
