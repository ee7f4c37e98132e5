-- The exchanges of a transcript.
select * exclude (transcript)
from gold.qa_groups
where transcript = $transcript
order by qa_group_id
