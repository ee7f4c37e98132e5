-- Transcripts whose exchanges are not numbered 1, 2, 3 and so on in the order in which they start.
select qa_group_id, first_index
from (
    select
        qa_group_id,
        min(block_index) as first_index,
        row_number() over (order by min(block_index)) as expected
    from silver.transcript_blocks
    where transcript = $transcript
      and qa_group_id is not null
    group by qa_group_id
)
where qa_group_id <> expected
