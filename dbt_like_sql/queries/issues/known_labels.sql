-- Labels that need not be asked for again: the same representatives under the same prompt. The day's own row comes
-- first, so that running a day again changes nothing; else the oldest day that paid for the label.
select
    cluster_fingerprint,
    model_title as canonical_title,
    category,
    description,
    would_pay_signal,
    impact_level,
    model,
    case when cluster_date = $day then reused_from else coalesce(reused_from, cluster_date) end as reused_from
from gold.issues
where cluster_fingerprint in (select unnest($fingerprints))
  and prompt_version = $prompt_version
  and not label_failed
qualify row_number() over (partition by cluster_fingerprint order by cluster_date = $day desc, cluster_date, cluster_id) = 1
