-- Rows of a corpus that are neither a pain point nor dropped with a reason, or both.
select prediction.row_number
from bronze.course_predictions as prediction
where prediction.corpus = $corpus
  and (
      select count(*)
      from (
          select row_number from silver.course_painpoints where corpus = $corpus
          union all
          select row_number from silver.course_dropped_rows where corpus = $corpus
      ) as found
      where found.row_number = prediction.row_number
  ) <> 1
