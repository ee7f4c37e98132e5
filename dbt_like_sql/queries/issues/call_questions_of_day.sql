-- What analysts asked in the calls of a day, as items like any source's: an exchange is a thread, its first question of
-- some length the title. An exchange has no page that everyone can open; .invalid is never anybody's host (RFC 2606),
-- so a link that is followed by mistake leads nowhere rather than to a stranger.
select
    transcript || '/' || qa_group_id as source_item_id,
    'https://earnings-calls.invalid/' || url_encode(transcript) || '/exchanges/' || qa_group_id as url,
    silver.question_title(question_text) as title,
    silver.stripped(question_text) as body,
    nullif(trim(analyst), '') as author,
    block_count - 1 as comment_count,
    0 as vote_count
from gold.qa_groups
where call_date = $day
  and silver.stripped(question_text) <> ''
order by transcript, qa_group_id
