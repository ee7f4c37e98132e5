-- The most discussed items of one source's day.
select created_at, title, vote_count, comment_count, language, url
from bronze.raw_items
where source = $source
  and collection_date = $day
order by vote_count + comment_count desc, url_hash
limit $rows
