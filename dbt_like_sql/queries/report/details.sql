-- Issues of the report's day and, after them, those of the days before it: each as on the last day on which it was seen.
with

shown as (
    select *
    from gold.issue_overview
    where cluster_date between $first and $day
    qualify row_number() over (partition by issue_key order by cluster_date desc) = 1
),

-- Two clusters of a day can be the same issue; the larger one speaks for it.
label as (
    select *
    from gold.issues
    where cluster_date between $first and $day
    qualify row_number() over (partition by cluster_date, issue_key order by cluster_size desc, cluster_id) = 1
),

-- What the impact score was made of, counted as it was counted then: posts without an author are one author's.
voiced as (
    select
        cluster_date,
        cluster_id,
        count(distinct coalesce(author_hash, '')) as authors,
        (sum(greatest(vote_count, 0)) + sum(comment_count))::bigint as engagement
    from gold.issue_evidence
    where cluster_date between $first and $day
    group by cluster_date, cluster_id
)

select
    shown.issue_key,
    shown.cluster_date,
    left(shown.issue_key, 16) as key,
    shown.title,
    label.title_by,
    nullif(label.model_title, shown.title) as model_title,
    shown.category,
    shown.description,
    shown.impact_level as level,
    round(shown.impact_score, 1) as impact,
    shown.would_pay_signal as would_pay,
    coalesce(label.muted, false) as muted,
    shown.publishable,
    shown.model,
    shown.prompt_version,
    trend.state,
    round(trend.growth, 2) as growth,
    round(trend.growth_low, 2) as growth_low,
    round(trend.growth_high, 2) as growth_high,
    round(trend.surprise, 2) as surprise,
    trend.first_seen::varchar as first_seen,
    shown.cluster_date::varchar as last_seen,
    round(label.negativity, 3) as negativity,
    round(label.negativity_width, 3) as negativity_width,
    round(label.intensity, 3) as intensity,
    round(label.intensity_width, 3) as intensity_width,
    round(label.willingness, 3) as willingness,
    round(label.willingness_width, 3) as willingness_width,
    to_json(shown.items_by_source)::varchar as sources,
    shown.item_count as items,
    shown.author_count as authors,
    voiced.authors as cluster_authors,
    voiced.engagement
from shown
left join label
    on label.issue_key = shown.issue_key
   and label.cluster_date = shown.cluster_date
left join voiced
    on voiced.cluster_date = label.cluster_date
   and voiced.cluster_id = label.cluster_id
left join gold.issue_trends as trend
    on trend.issue_key = shown.issue_key
   and trend.cluster_date = shown.cluster_date
order by shown.cluster_date desc, shown.impact_score desc nulls last, shown.issue_key
limit greatest(
    $most,
    (select count(*) from gold.issue_overview where cluster_date = $day)
)
