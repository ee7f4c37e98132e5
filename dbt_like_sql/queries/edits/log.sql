-- What people decided, in the order of replay.
select edit_id, edited_at, edited_by, kind, issue_key, target_key, title, url_hashes, reason
from ops.issue_edits
order by edit_id
