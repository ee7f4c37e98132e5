-- Blocks of a transcript that stand alone or are an operator's, and yet are in an exchange.
select speaker_block_id, role, status, qa_group_id
from silver.transcript_blocks
where transcript = $transcript
  and (role = 'operator' or status = 'standalone')
  and qa_group_id is not null
