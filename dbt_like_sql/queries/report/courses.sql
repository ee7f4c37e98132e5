-- Courses with pain points, those with the most first.
select
    course.corpus,
    course.course_code as code,
    course.course_title as title,
    coalesce(catalogue.colleges, []) as colleges
from gold.course_issue_overview as course
left join bronze.course_catalogue as catalogue
    on catalogue.corpus = course.corpus
   and catalogue.course_code = course.course_code
order by course.corpus, course.painpoints desc, course.course_code
