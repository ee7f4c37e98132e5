-- Rows of a corpus that have a fault of their own: a row that came twice, a course that is not in the list.
select row_number, post_id, course_code, drop_reason, value
from silver.course_dropped_rows
where corpus = $corpus
  and drop_reason in ('duplicate', 'unknown_course')
order by row_number
