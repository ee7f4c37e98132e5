-- What is tracked of the evidence of these issues in PocketBase.
select issue_key, url_hash, remote_id, payload_hash, synced_at
from gold.live_issue_evidence
where issue_key in (select unnest($keys::varchar[]))
order by issue_key, url_hash
