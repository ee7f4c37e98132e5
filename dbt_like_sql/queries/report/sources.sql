-- What each source gave on a day.
select
    source,
    item_count as items,
    issue_count as issues,
    round(noise_share, 3) as noise_share,
    is_partial,
    partial_reason
from gold.source_daily
where collection_date = $day
order by item_count desc, source
