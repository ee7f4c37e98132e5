-- The paragraphs of a transcript with their exchange.
select position, section_type, speaker_block_id, speaker, qa_group_id, qa_group_confidence, qa_group_method, paragraph_content
from silver.transcript_qa
where transcript = $transcript
order by position
