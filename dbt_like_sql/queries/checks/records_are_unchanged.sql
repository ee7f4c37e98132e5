-- Paragraphs of a transcript that are not there as they were read, or that nobody read.
select coalesce(before.position, after.position) as position
from (
    select * exclude (transcript, record, input_path, input_sha256)
    from bronze.transcript_paragraphs
    where transcript = $transcript
) as before
full join (
    select * exclude (transcript, qa_group_id, qa_group_confidence, qa_group_method)
    from silver.transcript_qa
    where transcript = $transcript
) as after
    on after.position = before.position
where before.position is null
   or after.position is null
   or to_json(before) <> to_json(after)
