-- A corpus's pain points in the students' own words, which Stage 1 took out of the post: they stand where an item's title
-- does, and there is nothing to clean.
select
    course_code,
    post_id,
    '' as source,
    pain_point_snippet as title,
    '' as body
from silver.course_painpoints
where corpus = $partition
order by course_code, post_id
