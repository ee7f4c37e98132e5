-- The days of these calls that were read already: as a source's day, or clustered without it.
select distinct call_date
from gold.qa_groups
where list_contains($transcripts::varchar[], transcript)
  and (
      call_date in (select collection_date from bronze.collections where source = 'earnings_calls')
      or call_date in (select cluster_date from silver.clusters)
  )
order by call_date
