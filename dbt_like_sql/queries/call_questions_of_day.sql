-- What analysts asked in the calls of a day, as items like any source's: an exchange is a thread, its first question of
-- some length the title. An exchange has no page that everyone can open; .invalid is never anybody's host (RFC 2606),
-- so a link that is followed by mistake leads nowhere rather than to a stranger.
with

exchanges as (
    select
        transcript,
        qa_group_id,
        block_count,
        nullif(trim(analyst), '') as author,
        regexp_replace(question_text, '^[\s\pZ]+|[\s\pZ]+$', '', 'g') as body
    from gold.qa_groups
    where call_date = $day
),

-- A sentence ends at its mark before white space (in Chinese and Japanese at once) and at the end of a line. Questions
-- of fewer than six words are courtesies and checks: "Hi, can you hear me?", "Right?".
asked as (
    select
        *,
        list_filter(
            string_split(regexp_replace(body, '([.!?…])\s+|([。！？])\s*|\s*\n\s*', '\1\2' || chr(30), 'g'), chr(30)),
            lambda sentence: sentence <> ''
        ) as sentences,
        list_filter(sentences, lambda sentence: regexp_matches(sentence, '[?？]')) as questions,
        list_filter(questions, lambda question: len(regexp_extract_all(question, '\S+')) >= 6) as long_questions
    from exchanges
    where body <> ''
),

titled as (
    select
        *,
        regexp_replace(coalesce(long_questions[1], questions[1], sentences[1], body), '\s+', ' ', 'g') as full_title
    from asked
)

select
    transcript || '/' || qa_group_id as source_item_id,
    'https://earnings-calls.invalid/' || url_encode(transcript) || '/exchanges/' || qa_group_id as url,
    -- At most 120 characters, cut at a word.
    if(
        length(full_title) > 120,
        regexp_replace(left(full_title, 119), '\s+\S*$', '') || '…',
        full_title
    ) as title,
    body,
    author,
    block_count - 1 as comment_count,
    0 as vote_count
from titled
order by transcript, qa_group_id
