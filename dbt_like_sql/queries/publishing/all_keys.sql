-- All issues: those of gold and those that were published.
select issue_key from gold.issues
union
select issue_key from gold.live_issues
