-- description: One row a pain point of any domain: an issue over all its days, a theme of course feedback, what an
--     analyst asked in a call. For whoever asks what hurts, wherever it was said.
-- depends_on: gold.issues, gold.issue_evidence, gold.global_themes, gold.post_global_index, gold.qa_groups,
--     silver.course_perception, silver.call_perception
-- materialized: view
-- group: painpoints
-- order: item_count desc, kind, id
-- column: kind | issue, course_theme or call_question
-- column: id | Unique in its kind: issue_key, corpus/global_cluster_id, transcript/qa_group_id
-- column: title | Name of the problem; of a call the first question of some length. Null for an issue that no model
--     could label
-- column: item_count | Distinct posts of an issue or theme; 1 for an exchange of a call
-- column: first_seen | Day (UTC) of an issue's first post, or of the call where its name says it. Course feedback
--     carries no dates: null
-- column: last_seen | Day of the last post, or of the call; null likewise
-- column: negativity | How bad it feels, 0 to 1: mean of 1 - valence over its posts, of a call over what was asked; null
--     where nothing was scored. The models were not trained on course feedback or calls: compare within a kind
-- column: evidence_url | The representative post with the most votes; for themes and calls their place in the report
--     folder (courses.html, calls.html). Null for an issue whose only posts are questions of calls that are not named
-- check: unique kind, id
-- check: not_null kind, id, item_count
-- check: assert item_count >= 1
-- check: assert first_seen is null or first_seen <= last_seen
-- check: assert negativity is null or negativity between 0 and 1

-- Issues that a person muted are left out: they were judged to be no pain point of ours.

with

-- The last word about an issue is that of its last day; of several clusters the largest speaks for it.
last_day as (
    select issue_key, coalesce(muted, false) as muted
    from gold.issues
    qualify row_number() over (partition by issue_key order by cluster_date desc, cluster_size desc, cluster_id) = 1
),

issues as (
    select
        issue_key,
        first(canonical_title order by cluster_date desc, cluster_size desc, cluster_id)
            filter (canonical_title is not null) as title,
        round(sum(negativity * cluster_size) / sum(cluster_size) filter (negativity is not null), 4) as negativity
    from gold.issues
    group by issue_key
),

evidence as (
    select
        issue_key,
        count(distinct url_hash) as item_count,
        min(created_at)::date as first_seen,
        max(created_at)::date as last_seen,
        -- By (public, votes, key): the same post again when the day is run again. Questions of calls have no page.
        arg_max(url, (source <> 'earnings_calls', vote_count, url_hash)) filter (is_representative) as url
    from gold.issue_evidence
    group by issue_key
),

theme_posts as (
    select post.corpus, post.global_cluster_id, round(avg(1 - felt.valence), 4) as negativity
    from (select distinct corpus, global_cluster_id, course_code, post_id from gold.post_global_index) as post
    join silver.course_perception as felt
        on felt.corpus = post.corpus
       and felt.course_code = post.course_code
       and felt.post_id = post.post_id
    group by post.corpus, post.global_cluster_id
)

select
    'issue' as kind,
    issues.issue_key as id,
    issues.title,
    evidence.item_count,
    evidence.first_seen,
    evidence.last_seen,
    issues.negativity,
    -- An exchange that became an item leads to its place in the report, as below.
    regexp_replace(
        evidence.url, '^https://earnings-calls\.invalid/([^/]+)/exchanges/(\d+)$', 'calls.html#\1/\2'
    ) as evidence_url
from issues
join last_day using (issue_key)
join evidence using (issue_key)
where not last_day.muted

union all

select
    'course_theme' as kind,
    theme.corpus || '/' || theme.global_cluster_id as id,
    theme.provisional_label as title,
    theme.num_distinct_posts as item_count,
    null::date as first_seen,
    null::date as last_seen,
    theme_posts.negativity,
    'courses.html#' || url_encode(theme.corpus) || '/' || url_encode(theme.global_cluster_id) as evidence_url
from gold.global_themes as theme
left join theme_posts
    on theme_posts.corpus = theme.corpus
   and theme_posts.global_cluster_id = theme.global_cluster_id

union all

select
    'call_question' as kind,
    exchange.transcript || '/' || exchange.qa_group_id as id,
    silver.question_title(exchange.question_text) as title,
    1 as item_count,
    exchange.call_date as first_seen,
    exchange.call_date as last_seen,
    round(1 - felt.valence, 4) as negativity,
    'calls.html#' || url_encode(exchange.transcript) || '/' || exchange.qa_group_id as evidence_url
from gold.qa_groups as exchange
left join silver.call_perception as felt
    on felt.transcript = exchange.transcript
   and felt.qa_group_id = exchange.qa_group_id
-- As when calls are a source: an exchange in which nothing was asked is no question.
where silver.stripped(exchange.question_text) <> ''

order by kind, item_count desc, id;
