-- Every day's row of these issues, not only the latest: the first and last day seen are published too.
select
    issue_key, cluster_date, cluster_id, cluster_size, canonical_title, category, description, would_pay_signal,
    impact_level, impact_score, label_failed, model, muted
from gold.issues
where issue_key in (select unnest($keys::varchar[]))
order by issue_key, cluster_date, cluster_id
