-- The blocks of a transcript, the least sure first.
select * exclude (transcript)
from silver.transcript_blocks
where transcript = $transcript
order by role = 'operator', margin, block_index
