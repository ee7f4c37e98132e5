-- The exchanges of all calls, in the order in which they were held. Only what is certain is 1.
select
    transcript,
    qa_group_id as id,
    analyst,
    firm,
    executives,
    question_text as question,
    answer_text as answer,
    question_count,
    if(confidence < 1, least(round(confidence, 2), 0.99), 1) as confidence,
    confidence < $low_confidence as low_confidence,
    method
from gold.qa_groups
order by transcript, qa_group_id
