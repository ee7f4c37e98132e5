-- description: One row an issue and day: what the problem is, how large it was that day, who reported it where, and
--     whether it may be published. The table to start from.
-- depends_on: gold.issues, gold.issue_evidence
-- materialized: incremental cluster_date
-- group: issues
-- order: impact_score desc, issue_key
-- column: cluster_date | Day on which the posts were written, UTC
-- column: issue_key | Key of the issue
-- column: title | Name of the problem; null where no model could label it
-- column: category | Field of business: ai, finance, compliance, logistics, healthtech, devtools, ecommerce, other
-- column: description | The root problem in one or two sentences
-- column: impact_level | How badly it hurts those who have it: low, medium, high
-- column: impact_score | 0 to 100: severity, reach, engagement, feeling and willingness to pay; larger is worse
-- column: negativity | How bad its posts feel, 0 to 1, by the models that silver.item_perception names
-- column: intensity | How stirred up their authors are, 0 to 1
-- column: willingness | How willing their authors are to go on, 0 to 1
-- column: would_pay_signal | Whether someone wrote that a solution is worth money to them
-- column: cluster_count | Clusters of the day that are this issue
-- column: item_count | Posts of the day that are about this issue
-- column: core_item_count | Those of them that the clustering itself put together, without the attached ones
-- column: author_count | Distinct authors; posts whose source names no author count for none
-- column: source_count | Distinct sources
-- column: sources | Names of the sources, sorted
-- column: items_by_source | Posts by source
-- column: vote_count | Votes or reactions on the posts, when they were collected
-- column: comment_count | Comments on the posts, likewise
-- column: first_created_at | When the first of the posts was written, UTC
-- column: last_created_at | When the last of the posts was written, UTC
-- column: example_url | The representative post with the most votes
-- column: model | Who wrote title and description
-- column: prompt_version | Version of the prompt that was answered
-- column: publishable | Whether it has a label and enough authors (PUBLISH_MIN_AUTHORS, 3 unless set) to be published, and is not muted
-- check: unique cluster_date, issue_key
-- check: not_null cluster_date, issue_key, publishable
-- check: assert item_count >= 1
-- check: assert author_count <= item_count
-- check: assert first_created_at <= last_created_at

with

-- Two clusters of a day can have the same key (their representatives read alike); the larger one speaks for the issue.
label as (
    select *
    from gold.issues
    qualify row_number() over (partition by cluster_date, issue_key order by cluster_size desc, cluster_id) = 1
),

evidence as (
    select
        cluster_date,
        issue_key,
        count(distinct cluster_id) as cluster_count,
        count(*) as item_count,
        count(*) filter (membership = 'core') as core_item_count,
        count(distinct author_hash) as author_count,
        sum(vote_count)::bigint as vote_count,
        sum(comment_count)::bigint as comment_count,
        min(created_at) as first_created_at,
        max(created_at) as last_created_at,
        -- By (votes, key): the same post again when the day is run again.
        arg_max(url, (vote_count, url_hash)) filter (is_representative) as example_url
    from gold.issue_evidence
    group by all
),

by_source as (
    select
        cluster_date,
        issue_key,
        count(*) as source_count,
        list(source order by source) as sources,
        map_from_entries(list((source, item_count) order by source)) as items_by_source
    from (
        select cluster_date, issue_key, source, count(*) as item_count
        from gold.issue_evidence
        group by all
    )
    group by all
)

select
    label.cluster_date,
    label.issue_key,
    label.canonical_title as title,
    label.category,
    label.description,
    label.impact_level,
    label.impact_score,
    label.negativity,
    label.intensity,
    label.willingness,
    label.would_pay_signal,
    evidence.cluster_count,
    evidence.item_count,
    evidence.core_item_count,
    evidence.author_count,
    by_source.source_count,
    by_source.sources,
    by_source.items_by_source,
    evidence.vote_count,
    evidence.comment_count,
    evidence.first_created_at,
    evidence.last_created_at,
    evidence.example_url,
    label.model,
    label.prompt_version,
    not label.label_failed
        and not coalesce(label.muted, false)
        and evidence.author_count >= coalesce(getvariable('publish_min_authors'), 3) as publishable
from label
join evidence using (cluster_date, issue_key)
join by_source using (cluster_date, issue_key)
order by label.cluster_date, evidence.item_count desc, label.issue_key;
