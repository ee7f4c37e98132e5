-- Pain points of every kind: the largest of each kind in turn, so that none hides the others; then by size.
with

placed as (
    select *, row_number() over (partition by kind order by item_count desc, last_seen desc nulls last, id) as place
    from gold.painpoints
),

shown as (
    select *
    from placed
    order by place, item_count desc, kind
    limit 50
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
from shown
order by item_count desc, last_seen desc nulls last, kind, id
