-- Days that have issues, the oldest first.
select distinct cluster_date as day
from gold.issue_overview
order by day
