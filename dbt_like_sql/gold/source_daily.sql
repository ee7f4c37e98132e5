-- description: One row a source and day: how much was collected, whether the day is complete, and what became of it.
--     For judging a source and for finding days to run again.
-- depends_on: bronze.collections, bronze.raw_items, silver.cluster_assignments, gold.issues
-- materialized: incremental collection_date
-- group: issues
-- order: source
-- column: source | Where the posts were written: github, hackernews, reddit, stackoverflow, earnings_calls
-- column: collection_date | Day on which the posts were written, UTC
-- column: item_count | Posts that were collected
-- column: rejected_count | Records that did not have the shape that the source documents
-- column: clustered_count | Posts that went into a cluster
-- column: noise_count | Posts that are like no others of the day
-- column: noise_share | Noise as a share of all posts that were clustered or found to be noise; null until the day is
--     clustered
-- column: issue_count | Distinct issues that the posts are evidence of
-- column: author_count | Distinct authors; posts whose source names no author count for none
-- column: vote_count | Votes or reactions on the posts, when they were collected
-- column: comment_count | Comments on the posts, likewise
-- column: request_count | Requests that the collection took
-- column: is_partial | Whether the source could not be read to the end of the day
-- column: partial_reason | Why not; null where the day is complete
-- check: unique source, collection_date
-- check: not_null source, collection_date, item_count, is_partial
-- check: assert noise_share is null or noise_share between 0 and 1
-- check: assert clustered_count + noise_count <= item_count

with

-- A post that two sources share has one assignment; it counts for both of them here.
items as (
    select
        item.source,
        item.collection_date,
        count(*) as item_count,
        count(*) filter (assignment.cluster_id >= 0) as clustered_count,
        count(*) filter (assignment.cluster_id < 0) as noise_count,
        count(distinct issue.issue_key) as issue_count,
        count(distinct item.author_hash) as author_count,
        sum(item.vote_count)::bigint as vote_count,
        sum(item.comment_count)::bigint as comment_count
    from bronze.raw_items as item
    left join silver.cluster_assignments as assignment
        on assignment.url_hash = item.url_hash
       and assignment.cluster_date = item.collection_date
    left join gold.issues as issue
        on issue.cluster_id = assignment.cluster_id
       and issue.cluster_date = assignment.cluster_date
    group by all
)

-- Collections come first: a day without posts is a fact about the source, too.
select
    collection.source,
    collection.collection_date,
    coalesce(items.item_count, 0) as item_count,
    collection.rejected_count,
    coalesce(items.clustered_count, 0) as clustered_count,
    coalesce(items.noise_count, 0) as noise_count,
    items.noise_count / nullif(items.clustered_count + items.noise_count, 0) as noise_share,
    coalesce(items.issue_count, 0) as issue_count,
    coalesce(items.author_count, 0) as author_count,
    coalesce(items.vote_count, 0) as vote_count,
    coalesce(items.comment_count, 0) as comment_count,
    collection.request_count,
    collection.partial_reason is not null as is_partial,
    collection.partial_reason
from bronze.collections as collection
left join items using (source, collection_date)
order by collection.collection_date, collection.source;
