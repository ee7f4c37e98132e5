-- The list of courses that a corpus was loaded with.
select course_code, course_title, colleges
from bronze.course_catalogue
where corpus = $corpus
order by course_code
