-- What was asked in a call with its scores, what feels worst first.
select
    silver.question_title(exchange.question_text) as title,
    exchange.analyst,
    perception.valence,
    perception.valence_low,
    perception.valence_high,
    perception.arousal,
    perception.willingness,
    perception.valence_model,
    perception.arousal_model,
    perception.willingness_model
from silver.call_perception as perception
join gold.qa_groups as exchange using (transcript, qa_group_id)
where perception.transcript = $partition
order by perception.valence, perception.qa_group_id
