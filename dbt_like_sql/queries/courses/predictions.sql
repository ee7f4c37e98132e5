-- A corpus as it was read.
select * exclude (corpus)
from bronze.course_predictions
where corpus = $corpus
order by row_number
