-- A day's items with their scores, the worst first.
select
    any_value(item.title order by item.source, item.source_item_id) as title,
    perception.valence,
    perception.valence_low,
    perception.valence_high,
    perception.arousal,
    perception.willingness,
    perception.valence_model,
    perception.arousal_model,
    perception.willingness_model
from silver.item_perception as perception
join bronze.raw_items as item using (collection_date, url_hash)
where perception.collection_date = $day
group by all
order by perception.valence, perception.url_hash
