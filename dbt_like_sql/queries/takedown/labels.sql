-- All wordings of labels.
select distinct canonical_title, description
from gold.issues
where canonical_title is not null
order by all
