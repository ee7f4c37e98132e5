-- Evidence whose issue is not there, or whose item was never collected that day.
select evidence.cluster_id, evidence.url_hash
from gold.issue_evidence as evidence
where evidence.cluster_date = $day
  and not (
      exists (
          select 1 from gold.issues as issue
          where issue.cluster_date = evidence.cluster_date and issue.cluster_id = evidence.cluster_id
      )
      and exists (
          select 1 from bronze.raw_items as item
          where item.collection_date = evidence.cluster_date and item.url_hash = evidence.url_hash
      )
  )
