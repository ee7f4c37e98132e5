-- A day's items, one row a URL: of several sources' copies the one that sorts first, as when the day is clustered.
select url_hash, source, title, body, language
from bronze.raw_items
where collection_date = $partition
qualify row_number() over (partition by url_hash order by source, source_item_id) = 1
order by url_hash
