-- The items that stood for issues on a day when it was last run.
select issue_key, url_hash
from ops.issue_anchors
where cluster_date = $day
order by issue_key, url_hash
