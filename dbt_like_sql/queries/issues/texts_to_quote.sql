-- The texts of a day's posts as collected. Of an item that two sources share the one that is clustered.
select item.url_hash, item.source, item.title, item.body
from bronze.raw_items as item
where item.collection_date = $day
  and list_contains($url_hashes, item.url_hash)
qualify row_number() over (partition by item.url_hash order by item.source, item.source_item_id) = 1
order by item.url_hash
