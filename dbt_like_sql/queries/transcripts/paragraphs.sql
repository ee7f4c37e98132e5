-- The paragraphs of a transcript.
select * exclude (transcript, record)
from bronze.transcript_paragraphs
where transcript = $transcript
order by position
