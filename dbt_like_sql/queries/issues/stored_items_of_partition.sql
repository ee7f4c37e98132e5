-- The stored versions of a partition's items: an item that is collected again unchanged keeps its time stamp, and the
-- language of a text that is known is not looked for again.
select url_hash, title, body, comment_count, vote_count, language, collected_at
from bronze.raw_items
where source = $source
  and collection_date = $day
