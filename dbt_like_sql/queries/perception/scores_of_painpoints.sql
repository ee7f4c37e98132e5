-- A corpus's pain points with their scores, those that feel worst first.
select
    painpoint.pain_point_snippet,
    perception.course_code,
    perception.valence,
    perception.valence_low,
    perception.valence_high,
    perception.arousal,
    perception.willingness,
    perception.valence_model,
    perception.arousal_model,
    perception.willingness_model
from silver.course_perception as perception
join silver.course_painpoints as painpoint using (corpus, course_code, post_id)
where perception.corpus = $partition
order by perception.valence, perception.course_code, perception.post_id
