-- Why rows of a corpus are no pain points to group.
select drop_reason, count(*) as row_count
from silver.course_dropped_rows
where corpus = $corpus
group by drop_reason
order by row_count desc, drop_reason
