-- Everything that was collected for a day, of all sources.
select source, source_item_id, url_hash, title, body, vote_count, comment_count
from bronze.raw_items
where collection_date = $day
