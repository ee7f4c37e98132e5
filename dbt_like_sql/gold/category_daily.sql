-- description: One row a category and day: how many issues it had, how many of them are new or growing, how many posts
--     and people are behind them. For following fields of business over weeks.
-- depends_on: gold.issue_overview, gold.issue_trends, gold.issue_evidence
-- materialized: incremental cluster_date
-- group: issues
-- order: item_count desc, category
-- column: cluster_date | Day on which the posts were written, UTC
-- column: category | Field of business: ai, finance, compliance, logistics, healthtech, devtools, ecommerce, other; and
--     unlabelled for issues that no model could label, so that the categories of a day have all its posts
-- column: issue_count | Issues of the day
-- column: new_issue_count | Those of them that were first seen on this clustered day or one of the two before it
-- column: growing_issue_count | Those with surely more posts than their history lets expect
-- column: steady_issue_count | Those with about as many
-- column: fading_issue_count | Those with surely fewer
-- column: emerging_issue_count | Those that stand out for the first time in 7 days; they are new or growing
-- column: item_count | Posts of the day about these issues
-- column: author_count | Distinct authors of these posts, each once however many issues they voice; posts whose source
--     names no author count for none
-- column: impact_score | Mean impact of the issues, weighted by their posts, 0 to 100
-- column: negativity | How bad the posts feel, 0 to 1: the mean over the posts of issues that were scored; null where
--     none was
-- check: unique cluster_date, category
-- check: not_null cluster_date, category, issue_count, item_count, author_count, impact_score
-- check: assert new_issue_count + growing_issue_count + steady_issue_count + fading_issue_count = issue_count
-- check: assert emerging_issue_count <= new_issue_count + growing_issue_count
-- check: assert issue_count between 1 and item_count
-- check: assert author_count <= item_count
-- check: assert impact_score between 0 and 100
-- check: assert negativity is null or negativity between 0 and 1

with

-- An issue without a trend has no state, and the check of the sum says so: no issue is lost on the way.
issues as (
    select
        overview.cluster_date,
        overview.issue_key,
        coalesce(overview.category, 'unlabelled') as category,
        overview.item_count,
        overview.impact_score,
        overview.negativity,
        trend.state,
        trend.is_emerging
    from gold.issue_overview as overview
    left join gold.issue_trends as trend
        on trend.cluster_date = overview.cluster_date
       and trend.issue_key = overview.issue_key
),

authors as (
    select issues.cluster_date, issues.category, count(distinct evidence.author_hash) as author_count
    from issues
    join gold.issue_evidence as evidence
        on evidence.cluster_date = issues.cluster_date
       and evidence.issue_key = issues.issue_key
    group by issues.cluster_date, issues.category
),

categories as (
    select
        cluster_date,
        category,
        count(*) as issue_count,
        count(*) filter (state = 'new') as new_issue_count,
        count(*) filter (state = 'growing') as growing_issue_count,
        count(*) filter (state = 'steady') as steady_issue_count,
        count(*) filter (state = 'fading') as fading_issue_count,
        count(*) filter (is_emerging) as emerging_issue_count,
        sum(item_count)::bigint as item_count,
        sum(impact_score * item_count) / sum(item_count) as impact_score,
        sum(negativity * item_count) / sum(item_count) filter (negativity is not null) as negativity
    from issues
    group by cluster_date, category
)

select
    categories.cluster_date,
    categories.category,
    categories.issue_count,
    categories.new_issue_count,
    categories.growing_issue_count,
    categories.steady_issue_count,
    categories.fading_issue_count,
    categories.emerging_issue_count,
    categories.item_count,
    authors.author_count,
    categories.impact_score,
    categories.negativity
from categories
join authors
    on authors.cluster_date = categories.cluster_date
   and authors.category = categories.category
order by categories.cluster_date, categories.item_count desc, categories.category;
