-- Days that a source no longer gave whole.
select source, collection_date, partial_reason
from bronze.collections
where partial_reason is not null
order by collection_date, source
