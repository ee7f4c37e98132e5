-- Applies tracking changes; the views changed_issues, changed_evidence, removed_issues and removed_evidence hold them.
delete from gold.live_issue_evidence
where issue_key in (select issue_key from removed_issues)
    or (issue_key, url_hash) in (select (issue_key, url_hash) from removed_evidence);

delete from gold.live_issues
where issue_key in (select issue_key from removed_issues);

merge into gold.live_issues
using changed_issues using (issue_key)
when matched then update by name
when not matched then insert by name;

merge into gold.live_issue_evidence
using changed_evidence using (issue_key, url_hash)
when matched then update by name
when not matched then insert by name;
