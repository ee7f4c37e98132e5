-- Issues that were not traced, lineage of clusters that are no issue, and issues that nothing stands for, which would
-- lose their key when the day is run again.
select
    coalesce(issue.cluster_id, lineage.cluster_id) as cluster_id,
    issue.cluster_fingerprint,
    lineage.issue_key
from (select * from gold.issues where cluster_date = $day) as issue
full join (select * from gold.issue_lineage where cluster_date = $day) as lineage using (cluster_id)
where issue.cluster_id is null
   or lineage.cluster_id is null
   or lineage.issue_key not in (select issue_key from ops.issue_anchors where cluster_date = $day)
