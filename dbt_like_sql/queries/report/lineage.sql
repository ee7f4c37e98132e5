-- How the issues of ``report_issues`` came about: the last day of each, and every day that was more than a continuation.
with

titles as (
    select issue_key, arg_max(title, cluster_date) as title
    from gold.issue_overview
    where cluster_date <= $day
    group by issue_key
),

traced as (
    select
        report_issues.key,
        report_issues.issue_key,
        report_issues.position,
        lineage.cluster_date,
        lineage.cluster_id,
        lineage.relation,
        lineage.similarity,
        list_filter(lineage.previous_keys, lambda previous: previous <> report_issues.issue_key) as previous_keys
    from report_issues
    join gold.issues as issue
        on issue.issue_key = report_issues.issue_key
       and issue.cluster_date <= report_issues.cluster_date
    join gold.issue_lineage as lineage
        on lineage.cluster_date = issue.cluster_date
       and lineage.cluster_id = issue.cluster_id
    where lineage.relation <> 'continues'
       or lineage.cluster_date = report_issues.cluster_date
),

named as (
    select
        traced.cluster_date,
        traced.cluster_id,
        list(
            struct_pack(key := left(before.previous_key, 16), title := titles.title) order by before.previous_key
        ) as previous
    from traced
    cross join unnest(traced.previous_keys) as before(previous_key)
    left join titles
        on titles.issue_key = before.previous_key
    group by traced.cluster_date, traced.cluster_id
)

select
    traced.key,
    traced.cluster_date::varchar as day,
    traced.relation,
    round(traced.similarity, 2) as similarity,
    coalesce(named.previous, []) as previous
from traced
left join named using (cluster_date, cluster_id)
order by traced.position, traced.cluster_date, traced.cluster_id
