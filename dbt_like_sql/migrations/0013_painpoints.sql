-- What gold.painpoints needs of the other domains: how pain points of courses and questions of calls feel, and one way to
-- name an exchange.
create table if not exists silver.course_perception (
    corpus            varchar not null,
    course_code       varchar not null,
    post_id           varchar not null,
    valence           double not null,
    valence_low       double not null,
    valence_high      double not null,
    valence_model     varchar not null,
    arousal           double not null,
    arousal_low       double not null,
    arousal_high      double not null,
    arousal_model     varchar not null,
    willingness       double not null,
    willingness_low   double not null,
    willingness_high  double not null,
    willingness_model varchar not null
);
comment on table silver.course_perception is 'How each pain point of a course feels in the student''s own words, by the models that score collected items. Key: corpus, course_code, post_id.';
comment on column silver.course_perception.corpus is 'Stage-1 run slug, and partition';
comment on column silver.course_perception.course_code is 'Course';
comment on column silver.course_perception.post_id is 'The post, as in silver.course_painpoints';
comment on column silver.course_perception.valence is 'How pleasant the snippet feels, 0 (bad) to 1 (good)';
comment on column silver.course_perception.valence_low is 'Lower end of the interval that holds the true value nine times in ten';
comment on column silver.course_perception.valence_high is 'Upper end of that interval';
comment on column silver.course_perception.valence_model is 'corpus/run/name of the model; default_synthetic/… was trained on made-up texts, …_pending missed a gate';
comment on column silver.course_perception.arousal is 'How stirred up its author is, 0 (calm) to 1 (excited)';
comment on column silver.course_perception.arousal_low is 'Lower end of its 90 % interval';
comment on column silver.course_perception.arousal_high is 'Upper end of that interval';
comment on column silver.course_perception.arousal_model is 'Model of arousal, named likewise';
comment on column silver.course_perception.willingness is 'How willing its author is to go on with the matter, 0 to 1';
comment on column silver.course_perception.willingness_low is 'Lower end of its 90 % interval';
comment on column silver.course_perception.willingness_high is 'Upper end of that interval';
comment on column silver.course_perception.willingness_model is 'Model of willingness, named likewise';

create table if not exists silver.call_perception (
    transcript        varchar not null,
    qa_group_id       integer not null,
    valence           double not null,
    valence_low       double not null,
    valence_high      double not null,
    valence_model     varchar not null,
    arousal           double not null,
    arousal_low       double not null,
    arousal_high      double not null,
    arousal_model     varchar not null,
    willingness       double not null,
    willingness_low   double not null,
    willingness_high  double not null,
    willingness_model varchar not null
);
comment on table silver.call_perception is 'How what an analyst asked in an exchange feels, by the models that score collected items. Key: transcript, qa_group_id.';
comment on column silver.call_perception.transcript is 'Transcript, and partition';
comment on column silver.call_perception.qa_group_id is 'Exchange, as in gold.qa_groups';
comment on column silver.call_perception.valence is 'How pleasant the questions feel, 0 (bad) to 1 (good)';
comment on column silver.call_perception.valence_low is 'Lower end of the interval that holds the true value nine times in ten';
comment on column silver.call_perception.valence_high is 'Upper end of that interval';
comment on column silver.call_perception.valence_model is 'corpus/run/name of the model; default_synthetic/… was trained on made-up texts, …_pending missed a gate';
comment on column silver.call_perception.arousal is 'How stirred up the analyst is, 0 (calm) to 1 (excited)';
comment on column silver.call_perception.arousal_low is 'Lower end of its 90 % interval';
comment on column silver.call_perception.arousal_high is 'Upper end of that interval';
comment on column silver.call_perception.arousal_model is 'Model of arousal, named likewise';
comment on column silver.call_perception.willingness is 'How willing the analyst is to go on with the matter, 0 to 1';
comment on column silver.call_perception.willingness_low is 'Lower end of its 90 % interval';
comment on column silver.call_perception.willingness_high is 'Upper end of that interval';
comment on column silver.call_perception.willingness_model is 'Model of willingness, named likewise';

-- A text without the white space around it, of any script.
create or replace macro silver.stripped(said) as
    regexp_replace(said, '^[\s\pZ]+|[\s\pZ]+$', '', 'g');

-- A sentence ends at its mark before white space (in Chinese and Japanese at once) and at the end of a line.
create or replace macro silver.sentences(said) as
    list_filter(
        string_split(
            regexp_replace(silver.stripped(said), '([.!?…])\s+|([。！？])\s*|\s*\n\s*', '\1\2' || chr(30), 'g'),
            chr(30)
        ),
        lambda sentence: sentence <> ''
    );

-- The name of an exchange: its first question of six words or more (fewer are courtesies and checks: "Hi, can you hear
-- me?", "Right?"), else its first question, else its first sentence; at most 120 characters, cut at a word. Empty for an
-- empty text.
create or replace macro silver.question_title(asked) as (
    select if(length(title) > 120, regexp_replace(left(title, 119), '\s+\S*$', '') || '…', title)
    from (
        select regexp_replace(
            coalesce(
                list_filter(
                    sentences,
                    lambda sentence: regexp_matches(sentence, '[?？]')
                        and len(regexp_extract_all(sentence, '\S+')) >= 6
                )[1],
                list_filter(sentences, lambda sentence: regexp_matches(sentence, '[?？]'))[1],
                sentences[1],
                silver.stripped(asked)
            ),
            '\s+', ' ', 'g'
        ) as title
        from (select silver.sentences(asked) as sentences)
    )
);
