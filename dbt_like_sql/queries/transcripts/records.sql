-- A transcript as it was read.
select record, input_path
from bronze.transcript_paragraphs
where transcript = $transcript
order by position
