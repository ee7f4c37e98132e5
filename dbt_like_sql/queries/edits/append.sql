-- One decision more; numbers count up.
insert into ops.issue_edits
select coalesce(max(edit_id), 0) + 1, $edited_at, $edited_by, $kind, $issue_key, $target_key, $title, $url_hashes, $reason
from ops.issue_edits
