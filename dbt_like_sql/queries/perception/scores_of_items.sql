-- A day's items with their scores, those that feel worst first.
with titles as (
    select url_hash, title
    from bronze.raw_items
    where collection_date = $partition
    qualify row_number() over (partition by url_hash order by source, source_item_id) = 1
)

select
    titles.title,
    perception.valence,
    perception.valence_low,
    perception.valence_high,
    perception.arousal,
    perception.willingness,
    perception.valence_model,
    perception.arousal_model,
    perception.willingness_model
from silver.item_perception as perception
join titles using (url_hash)
where perception.collection_date = $partition
order by perception.valence, perception.url_hash
