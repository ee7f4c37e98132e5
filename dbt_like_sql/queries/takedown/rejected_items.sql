-- Records that were set aside, to see which of them name a page.
select source, collection_date, source_item_id, payload
from bronze.rejected_items
order by all
