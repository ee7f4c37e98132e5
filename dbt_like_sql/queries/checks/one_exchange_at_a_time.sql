-- Exchanges of a transcript that begin before the one before them has ended.
select qa_group_id, first_index, end_before
from (
    select
        qa_group_id,
        min(block_index) as first_index,
        lag(max(block_index)) over (order by qa_group_id) as end_before
    from silver.transcript_blocks
    where transcript = $transcript
      and qa_group_id is not null
    group by qa_group_id
)
where first_index <= end_before
