-- The perception domain: corpora that models were trained on, what the models are worth, how collected items feel.
create table if not exists bronze.perception_corpus (
    corpus          varchar not null,
    run_id          varchar not null,
    source          varchar not null,
    sha256          varchar not null,
    variables       varchar[] not null,
    item_count      integer not null,
    author_count    integer not null,
    awaiting_review integer not null,
    first_at        timestamp,
    last_at         timestamp
);
comment on table bronze.perception_corpus is 'One row a corpus of labelled texts: the one that is trained on. Its texts are files under ARTIFACTS_DIR/perception. Key: corpus.';
comment on column bronze.perception_corpus.corpus is 'Name of the corpus: the file without its ending, or synthetic';
comment on column bronze.perception_corpus.run_id is 'Folder of the training run; the same data, settings and encoder have the same one';
comment on column bronze.perception_corpus.source is 'File that was read';
comment on column bronze.perception_corpus.sha256 is 'SHA-256 of its bytes';
comment on column bronze.perception_corpus.variables is 'Labels that it has, those that follow from others included';
comment on column bronze.perception_corpus.item_count is 'Texts';
comment on column bronze.perception_corpus.author_count is 'Authors';
comment on column bronze.perception_corpus.awaiting_review is 'Texts of high risk that nobody has reviewed; they are not trained on';
comment on column bronze.perception_corpus.first_at is 'Time of the earliest text, UTC; null where the corpus has no times';
comment on column bronze.perception_corpus.last_at is 'Time of the latest text, UTC';

create table if not exists gold.perception_evaluation (
    corpus    varchar not null,
    run_id    varchar not null,
    variable  varchar not null,
    model     varchar not null,
    judged_on varchar not null,
    metric    varchar not null,
    value     double,
    low       double,
    high      double,
    threshold double,
    passed    boolean
);
comment on table gold.perception_evaluation is 'What each trained model is worth on rows that it never saw, beside baselines. Key: corpus, run_id, variable, model, judged_on, metric.';
comment on column gold.perception_evaluation.corpus is 'Corpus that it was trained on';
comment on column gold.perception_evaluation.run_id is 'Training run';
comment on column gold.perception_evaluation.variable is 'What is scored: valence, arousal, willingness, invoked, expressed, congruence or comparator';
comment on column gold.perception_evaluation.model is 'The variable''s final model with its verdict, accepted or pending, or a baseline: constant, vader, ridge';
comment on column gold.perception_evaluation.judged_on is 'Part of the corpus: tune (which the gates are about) or test';
comment on column gold.perception_evaluation.metric is 'rmse, mae, pearson, spearman, ece, coverage_SHORT and so on';
comment on column gold.perception_evaluation.value is 'The figure; null where it is not defined';
comment on column gold.perception_evaluation.low is 'Lower end of its 95 % bootstrap interval, authors drawn whole';
comment on column gold.perception_evaluation.high is 'Upper end of that interval';
comment on column gold.perception_evaluation.threshold is 'What the gate asks for; null where there is no gate';
comment on column gold.perception_evaluation.passed is 'Whether the gate was passed';

create table if not exists silver.item_perception (
    collection_date   date not null,
    url_hash          varchar not null,
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
comment on table silver.item_perception is 'How each collected item feels, by models that a person may not have accepted yet: the model''s name says so. Key: collection_date, url_hash.';
comment on column silver.item_perception.collection_date is 'Day of creation (UTC) and partition';
comment on column silver.item_perception.url_hash is 'The item';
comment on column silver.item_perception.valence is 'How pleasant it feels, 0 (bad) to 1 (good)';
comment on column silver.item_perception.valence_low is 'Lower end of the interval that holds the true value nine times in ten';
comment on column silver.item_perception.valence_high is 'Upper end of that interval';
comment on column silver.item_perception.valence_model is 'corpus/run/name of the model; default_synthetic/… was trained on made-up texts, …_pending missed a gate';
comment on column silver.item_perception.arousal is 'How stirred up its author is, 0 (calm) to 1 (excited)';
comment on column silver.item_perception.arousal_low is 'Lower end of its 90 % interval';
comment on column silver.item_perception.arousal_high is 'Upper end of that interval';
comment on column silver.item_perception.arousal_model is 'Model of arousal, named likewise';
comment on column silver.item_perception.willingness is 'How willing its author is to go on with the matter, 0 to 1';
comment on column silver.item_perception.willingness_low is 'Lower end of its 90 % interval';
comment on column silver.item_perception.willingness_high is 'Upper end of that interval';
comment on column silver.item_perception.willingness_model is 'Model of willingness, named likewise';

alter table gold.issues add column if not exists negativity double;
alter table gold.issues add column if not exists negativity_width double;
alter table gold.issues add column if not exists intensity double;
alter table gold.issues add column if not exists intensity_width double;
alter table gold.issues add column if not exists willingness double;
alter table gold.issues add column if not exists willingness_width double;
comment on column gold.issues.negativity is 'How bad its items feel: mean of 1 - valence, 0 to 1; null on days that were labelled before items were scored';
comment on column gold.issues.negativity_width is 'Mean width of the items'' 90 % intervals of valence: near 1 the models know little';
comment on column gold.issues.intensity is 'How stirred up its authors are: mean arousal of the items, 0 to 1';
comment on column gold.issues.intensity_width is 'Mean width of the items'' 90 % intervals of arousal';
comment on column gold.issues.willingness is 'How willing its authors are to go on: mean of the items, 0 to 1';
comment on column gold.issues.willingness_width is 'Mean width of the items'' 90 % intervals of willingness';
comment on column gold.issues.impact_score is '0 to 100: 35 severity + 25 reach + 15 engagement + 15 feeling + 5 would pay + 5 willingness; see docs/issues.md';
