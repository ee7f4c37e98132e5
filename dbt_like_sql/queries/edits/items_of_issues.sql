-- The items of some issues, of all days.
select issue_key, list(distinct url_hash order by url_hash) as url_hashes
from gold.issue_evidence
where issue_key in (select unnest($keys))
group by issue_key
