-- description: One row a source, over the last 30 days that were collected of it: how complete they are, how much of it
--     is of use, and what it costs to read. For deciding which queries of sources.yaml to keep.
-- depends_on: bronze.collections, bronze.raw_items, silver.cluster_assignments, gold.issues
-- materialized: table
-- group: issues
-- order: source
-- column: source | Where the posts were written: github, hackernews, reddit, stackoverflow, earnings_calls
-- column: first_date | First of the days, UTC
-- column: last_date | Last of the days, UTC
-- column: day_count | Days, at most 30
-- column: missing_day_count | Days between the first and the last that were not collected
-- column: partial_day_count | Days that could not be read to their end
-- column: item_count | Posts
-- column: rejected_share | Records that did not have the documented shape, as a share of all that came; null where none did
-- column: noise_share | Posts that are like no others of their day, as a share of those that were clustered or found to
--     be noise; null until a day is clustered
-- column: issue_share | Posts that are evidence of an issue with a label, as a share of the same; what is neither noise
--     nor this is in clusters that no model could label, such as adverts
-- column: issue_count | Distinct issues with a label that the posts are evidence of
-- column: author_count | Distinct authors; posts whose source names no author count for none
-- column: items_per_request | Posts that a request to the API brought; null for a source that is read without any
-- column: mean_engagement | Votes and comments a post, when they were collected
-- column: english_share | English posts as a share of those long enough to tell their language; null where none is
-- column: shared_share | Posts whose page another source had on the same day, too, as a share of all
-- check: unique source
-- check: not_null source, first_date, last_date, day_count, missing_day_count, partial_day_count, item_count
-- check: assert day_count between 1 and 30
-- check: assert missing_day_count >= 0
-- check: assert noise_share is null or noise_share + issue_share <= 1 + 1e-9

with

days as (
    select *
    from bronze.collections
    qualify row_number() over (partition by source order by collection_date desc) <= 30
),

readings as (
    select
        source,
        min(collection_date) as first_date,
        max(collection_date) as last_date,
        count(*) as day_count,
        count(*) filter (partial_reason is not null) as partial_day_count,
        sum(rejected_count) / nullif(sum(item_count + rejected_count), 0) as rejected_share,
        sum(item_count) / nullif(sum(request_count), 0) as items_per_request
    from days
    group by source
),

pages as (
    select collection_date, url_hash, count(*) as source_count
    from bronze.raw_items
    group by collection_date, url_hash
),

-- A post that two sources share has one assignment; it counts for both of them here.
items as (
    select
        item.source,
        count(*) as item_count,
        count(*) filter (assignment.cluster_id < 0) / nullif(count(assignment.cluster_id), 0) as noise_share,
        count(*) filter (issue.issue_key is not null) / nullif(count(assignment.cluster_id), 0) as issue_share,
        count(distinct issue.issue_key) as issue_count,
        count(distinct item.author_hash) as author_count,
        avg(item.vote_count + item.comment_count) as mean_engagement,
        count(*) filter (item.language = 'en') / nullif(count(item.language), 0) as english_share,
        count(*) filter (pages.source_count > 1) / count(*) as shared_share
    from bronze.raw_items as item
    join days
        on days.source = item.source
       and days.collection_date = item.collection_date
    join pages
        on pages.collection_date = item.collection_date
       and pages.url_hash = item.url_hash
    left join silver.cluster_assignments as assignment
        on assignment.cluster_date = item.collection_date
       and assignment.url_hash = item.url_hash
    left join gold.issues as issue
        on issue.cluster_date = assignment.cluster_date
       and issue.cluster_id = assignment.cluster_id
       and not issue.label_failed
    group by item.source
)

select
    readings.source,
    readings.first_date,
    readings.last_date,
    readings.day_count,
    date_diff('day', readings.first_date, readings.last_date) + 1 - readings.day_count as missing_day_count,
    readings.partial_day_count,
    coalesce(items.item_count, 0) as item_count,
    readings.rejected_share,
    items.noise_share,
    items.issue_share,
    coalesce(items.issue_count, 0) as issue_count,
    coalesce(items.author_count, 0) as author_count,
    readings.items_per_request,
    items.mean_engagement,
    items.english_share,
    items.shared_share
from readings
left join items on items.source = readings.source
order by readings.source;
