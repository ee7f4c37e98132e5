-- What people decided about the issues of ``report_issues``, the oldest first.
select
    report_issues.key,
    edit.edited_at::date::varchar as "at",
    edit.edited_by as "by",
    edit.kind,
    edit.title,
    left(edit.target_key, 16) as target,
    len(edit.url_hashes) as posts,
    edit.reason
from report_issues
join ops.issue_edits as edit
    on edit.issue_key = report_issues.issue_key
    or edit.target_key = report_issues.issue_key
order by report_issues.position, edit.edit_id
