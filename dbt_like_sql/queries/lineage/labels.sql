-- The label that each of some issues had last, and the posts that it was made from. The last day before $day counts; the
-- first one after it where there is none, as in a backfill. Labels of other prompts and failed ones do not count. Where
-- the day that paid for a label has no posts any more, the first day that kept the label and has some stands in.
with

labels as (
    select
        lineage.issue_key,
        issue.cluster_date,
        issue.cluster_id,
        issue.model_title as canonical_title,
        issue.category,
        issue.description,
        issue.would_pay_signal,
        issue.impact_level,
        issue.model,
        coalesce(issue.reused_from, issue.cluster_date) as reused_from
    from gold.issues as issue
    join gold.issue_lineage as lineage using (cluster_date, cluster_id)
    where lineage.issue_key in (select unnest($keys::varchar[]))
      and issue.cluster_date between $first and $last
      and issue.cluster_date <> $day
      and issue.prompt_version = $prompt_version
      and not issue.label_failed
),

latest as (
    select *
    from labels
    qualify row_number() over (
        partition by issue_key
        order by cluster_date > $day, abs(date_diff('day', cluster_date, $day::date)), cluster_id
    ) = 1
),

posts as (
    select
        label.issue_key,
        label.cluster_date,
        label.cluster_id,
        list(evidence.title || chr(10) || evidence.snippet order by evidence.is_representative desc, evidence.url_hash)
            [1:$most_posts::bigint] as texts
    from labels as label
    join latest
        on latest.issue_key = label.issue_key
       and latest.reused_from = label.reused_from
       and latest.canonical_title = label.canonical_title
    join gold.issue_evidence as evidence
        on evidence.cluster_date = label.cluster_date
       and evidence.cluster_id = label.cluster_id
    group by label.issue_key, label.cluster_date, label.cluster_id
    qualify row_number() over (partition by label.issue_key order by label.cluster_date, label.cluster_id) = 1
)

select
    latest.issue_key,
    latest.canonical_title,
    latest.category,
    latest.description,
    latest.would_pay_signal,
    latest.impact_level,
    latest.model,
    latest.reused_from,
    posts.texts
from latest
join posts using (issue_key)
order by latest.issue_key
