-- Pain points of every kind: the largest of each kind, then the second of each, so that none hides the others.
with

placed as (
    select *, row_number() over (partition by kind order by item_count desc, last_seen desc nulls last, id) as place
    from gold.painpoints
)

select
    kind,
    id,
    title,
    item_count,
    first_seen::date::varchar as first_seen,
    last_seen::date::varchar as last_seen,
    round(negativity, 3) as negativity,
    evidence_url
from placed
order by place, item_count desc, kind
limit 50
