-- Keys that begin so, among issues that are there and those that edits name.
select distinct issue_key
from (
    select issue_key from gold.issues
    union all
    select issue_key from ops.issue_edits
    union all
    select target_key from ops.issue_edits where target_key is not null
)
where starts_with(issue_key, $beginning)
order by issue_key
