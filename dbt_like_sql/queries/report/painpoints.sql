-- Pain points of every kind, those that most people voiced first.
select
    kind,
    id,
    title,
    item_count,
    first_seen::date::varchar as first_seen,
    last_seen::date::varchar as last_seen,
    round(negativity, 3) as negativity,
    evidence_url
from gold.painpoints
order by item_count desc, last_seen desc nulls last, kind, id
limit 50
