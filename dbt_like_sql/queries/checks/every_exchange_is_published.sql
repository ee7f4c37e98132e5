-- Exchanges of a transcript's blocks that are not published, and published ones that no block is in.
select coalesce(block.qa_group_id, exchange.qa_group_id) as qa_group_id
from (
    select distinct qa_group_id
    from silver.transcript_blocks
    where transcript = $transcript
      and qa_group_id is not null
) as block
full join (select qa_group_id from gold.qa_groups where transcript = $transcript) as exchange
    on exchange.qa_group_id = block.qa_group_id
where block.qa_group_id is null or exchange.qa_group_id is null
