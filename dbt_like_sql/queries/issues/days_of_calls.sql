-- The days that were read before one of these calls was paired: collected from calls, or clustered without that.
with paired as (
    select unnest($transcripts::varchar[]) as transcript, unnest($paired_at::timestamp[]) as paired_at
)
select distinct call_date
from paired
join gold.qa_groups using (transcript)
left join bronze.collections as read on read.source = 'earnings_calls' and read.collection_date = call_date
where read.collected_at < paired_at
   or (read.collected_at is null and call_date in (select cluster_date from silver.clusters))
order by call_date
