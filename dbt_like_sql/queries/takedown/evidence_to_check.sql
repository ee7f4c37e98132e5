-- Published evidence whose source is to be asked next: what was found gone and is still here first, then what was never
-- looked up, then what was looked up longest ago.
select distinct item.source, item.source_item_id, item.url_hash, item.url, checked.checked_at, checked.outcome
from gold.live_issue_evidence as live
join bronze.raw_items as item using (url_hash)
left join ops.evidence_checks as checked using (url_hash)
where item.source in (select unnest($sources::varchar[]))
order by coalesce(checked.outcome = 'gone', false) desc, checked.checked_at nulls first, item.url_hash
limit $budget
