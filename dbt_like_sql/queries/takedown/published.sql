-- Which of the items were published, and under which record.
select issue_key, url_hash, remote_id
from gold.live_issue_evidence
where url_hash in (select unnest($url_hashes::varchar[]))
order by issue_key, url_hash
