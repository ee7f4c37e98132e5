-- A day's issues, the weightiest first.
select
    round(impact_score, 1) as impact_score,
    coalesce(canonical_title, 'label failed: ' || failure_reason) as title,
    category,
    impact_level,
    would_pay_signal as would_pay,
    cluster_size as items,
    model,
    reused_from
from gold.issues
where cluster_date = $day
order by impact_score desc, cluster_id
