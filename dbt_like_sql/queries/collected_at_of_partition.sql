-- When each version of an item was first seen: an item that is collected again unchanged keeps its time stamp.
select url_hash, title, body, comment_count, vote_count, collected_at
from bronze.raw_items
where source = $source
  and collection_date = $day
