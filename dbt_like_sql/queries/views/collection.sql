-- One source's day in numbers.
select
    collection.item_count,
    collection.rejected_count as rejected_items,
    collection.request_count as requests,
    collection.partial_reason,
    count(distinct item.author_hash) as authors,
    strftime(min(item.created_at), '%H:%M:%S') as first_item_at,
    strftime(max(item.created_at), '%H:%M:%S') as last_item_at
from bronze.collections as collection
left join bronze.raw_items as item
    on item.source = collection.source and item.collection_date = collection.collection_date
where collection.source = $source
  and collection.collection_date = $day
group by all
