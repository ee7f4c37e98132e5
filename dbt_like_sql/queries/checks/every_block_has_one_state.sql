-- Blocks of a transcript's question-and-answer section that were not decided, or decided without being there.
select coalesce(block.speaker_block_id, found.speaker_block_id) as speaker_block_id
from (
    select distinct speaker_block_id
    from bronze.transcript_paragraphs
    where transcript = $transcript
      and section_type = 'Investor Q&A'
) as block
full join (
    select speaker_block_id, status from silver.transcript_blocks where transcript = $transcript
) as found
    on found.speaker_block_id = block.speaker_block_id
where block.speaker_block_id is null
   or found.speaker_block_id is null
   or found.status not in ('group_start', 'group_continue', 'group_end', 'standalone')
   or block.speaker_block_id <> found.speaker_block_id
