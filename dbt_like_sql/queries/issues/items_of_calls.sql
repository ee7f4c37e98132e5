-- The exchanges of a day's calls that were collected as items: which one each is, transcript/number.
select url_hash, source_item_id
from bronze.raw_items
where collection_date = $day
  and source = 'earnings_calls'
