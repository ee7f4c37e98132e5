-- What was decided about each block of a transcript.
select
    speaker_block_id, block_index as "index", speaker, status, qa_group_id, confidence, decided_by, margin, reasons,
    reasoning
from silver.transcript_blocks
where transcript = $transcript
order by block_index
