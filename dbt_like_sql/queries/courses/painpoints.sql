-- What Stage 2 groups, in the order of the predictions file.
select row_number, post_id, course_code, course_title, root_cause_summary, pain_point_snippet, confidence
from silver.course_painpoints
where corpus = $corpus
order by row_number
