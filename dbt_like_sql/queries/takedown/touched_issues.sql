-- Issues that are published, or were, from one of the items or under one of the labels.
select issue_key from gold.issue_evidence semi join forgotten_items using (url_hash)
union
select issue_key from gold.live_issue_evidence semi join forgotten_items using (url_hash)
union
select issue_key from gold.issues semi join forgotten_labels using (canonical_title)
order by issue_key
