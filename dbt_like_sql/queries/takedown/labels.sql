-- All wordings of labels, with the days that have them.
select
    canonical_title,
    description,
    concat_ws(chr(10), canonical_title, description) as wording,
    list(distinct cluster_date order by cluster_date) as days
from gold.issues
where canonical_title is not null
group by all
order by all
