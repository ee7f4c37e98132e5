-- Rows of a corpus that are no pain points to group.
select row_number, post_id, course_code, drop_reason, value
from silver.course_dropped_rows
where corpus = $corpus
order by row_number
