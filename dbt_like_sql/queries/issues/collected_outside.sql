-- How many items lie outside a span of days.
select count(*) as item_count
from bronze.raw_items
where collection_date < $first or collection_date > $last
