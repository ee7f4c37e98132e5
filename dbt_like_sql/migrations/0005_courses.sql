-- The courses domain: predictions of a Stage-1 run, pain points, clusters within a course, themes across courses.
-- Everything is replaced by corpus, the slug of the Stage-1 run; keys stand in the comments, transactions check them.
create table if not exists bronze.course_predictions (
    corpus             varchar not null,
    row_number         integer not null,
    post_id            varchar not null,
    course_code        varchar not null,
    contains_painpoint varchar not null check (contains_painpoint in ('y', 'n', 'u')),
    root_cause_summary varchar not null,
    pain_point_snippet varchar not null,
    confidence         double,
    parse_error        boolean not null,
    schema_error       boolean not null,
    used_fallback      boolean not null,
    llm_failure        boolean not null
);
comment on table bronze.course_predictions is 'One row a data row of a Stage-1 run''s predictions_FULL.csv, as read. Key: corpus, row_number.';
comment on column bronze.course_predictions.corpus is 'Stage-1 run slug, and partition';
comment on column bronze.course_predictions.row_number is 'Data row of the file, counted from 1';
comment on column bronze.course_predictions.post_id is 'The post that was judged';
comment on column bronze.course_predictions.course_code is 'Course that the post is about';
comment on column bronze.course_predictions.contains_painpoint is 'Whether Stage 1 found a pain point: y, n, or u for undecided';
comment on column bronze.course_predictions.root_cause_summary is 'The fixable cause in Stage 1''s words; empty where there is none';
comment on column bronze.course_predictions.pain_point_snippet is 'The student''s own words; empty where there are none';
comment on column bronze.course_predictions.confidence is 'Stage 1''s confidence, 0 to 1; carried, never used';
comment on column bronze.course_predictions.parse_error is 'Stage 1 could not parse its model''s reply';
comment on column bronze.course_predictions.schema_error is 'Stage 1''s reply had the wrong shape';
comment on column bronze.course_predictions.used_fallback is 'Stage 1 fell back to another way';
comment on column bronze.course_predictions.llm_failure is 'Stage 1''s model gave no answer';

create table if not exists bronze.course_corpora (
    corpus             varchar not null,
    stage1_model       varchar,
    stage1_prompt      varchar,
    predictions_path   varchar not null,
    input_sha256       varchar not null,
    course_list_sha256 varchar not null,
    row_count          integer not null
);
comment on table bronze.course_corpora is 'One row a Stage-1 run that was loaded: where it came from. Key: corpus.';
comment on column bronze.course_corpora.corpus is 'Stage-1 run slug, and partition';
comment on column bronze.course_corpora.stage1_model is 'Model of the Stage-1 run; null where its manifest does not say';
comment on column bronze.course_corpora.stage1_prompt is 'Prompt of the Stage-1 run; null where its manifest does not say';
comment on column bronze.course_corpora.predictions_path is 'File that was read';
comment on column bronze.course_corpora.input_sha256 is 'SHA-256 of that file';
comment on column bronze.course_corpora.course_list_sha256 is 'SHA-256 of the list of courses that it was read with';
comment on column bronze.course_corpora.row_count is 'Data rows of the file';

create table if not exists bronze.course_catalogue (
    corpus       varchar not null,
    course_code  varchar not null,
    course_title varchar not null,
    colleges     varchar[] not null
);
comment on table bronze.course_catalogue is 'One row a course of the list that a corpus was loaded with. Key: corpus, course_code.';
comment on column bronze.course_catalogue.corpus is 'Stage-1 run slug, and partition';
comment on column bronze.course_catalogue.course_code is 'Code of the course';
comment on column bronze.course_catalogue.course_title is 'Its title';
comment on column bronze.course_catalogue.colleges is 'Colleges that offer it';

create table if not exists silver.course_painpoints (
    corpus             varchar not null,
    row_number         integer not null,
    post_id            varchar not null,
    course_code        varchar not null,
    course_title       varchar not null,
    root_cause_summary varchar not null,
    pain_point_snippet varchar not null,
    confidence         double
);
comment on table silver.course_painpoints is 'One row a pain point that Stage 2 groups. Key: corpus, course_code, post_id.';
comment on column silver.course_painpoints.corpus is 'Stage-1 run slug, and partition';
comment on column silver.course_painpoints.row_number is 'Data row of the predictions file';
comment on column silver.course_painpoints.post_id is 'The post';
comment on column silver.course_painpoints.course_code is 'Its course';
comment on column silver.course_painpoints.course_title is 'Title of the course';
comment on column silver.course_painpoints.root_cause_summary is 'The fixable cause in Stage 1''s words';
comment on column silver.course_painpoints.pain_point_snippet is 'The student''s own words';
comment on column silver.course_painpoints.confidence is 'Stage 1''s confidence, 0 to 1; carried, never used';

create table if not exists silver.course_dropped_rows (
    corpus      varchar not null,
    row_number  integer not null,
    post_id     varchar not null,
    course_code varchar not null,
    drop_reason varchar not null,
    value       varchar not null
);
comment on table silver.course_dropped_rows is 'One row a prediction that is no pain point to group, with the first reason that applies. Key: corpus, row_number.';
comment on column silver.course_dropped_rows.corpus is 'Stage-1 run slug, and partition';
comment on column silver.course_dropped_rows.row_number is 'Data row of the predictions file';
comment on column silver.course_dropped_rows.post_id is 'The post';
comment on column silver.course_dropped_rows.course_code is 'Its course';
comment on column silver.course_dropped_rows.drop_reason is 'duplicate, unknown_course, not_a_painpoint, undecided, llm_failure, parse_error, schema_error, empty_summary or empty_snippet';
comment on column silver.course_dropped_rows.value is 'What was found there';

create table if not exists gold.course_clusters (
    corpus         varchar not null,
    schema_version varchar not null,
    run_id         varchar,
    run_slug       varchar not null,
    cluster_id     varchar not null,
    course_code    varchar not null,
    course_title   varchar not null,
    issue_summary  varchar not null,
    num_posts      integer not null,
    course_status  varchar not null check (course_status in ('ok', 'repaired', 'failed')),
    model          varchar
);
comment on table gold.course_clusters is 'One row a cluster of pain points within a course. Key: corpus, cluster_id.';
comment on column gold.course_clusters.corpus is 'Stage-1 run slug, and partition';
comment on column gold.course_clusters.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.course_clusters.run_id is 'Stage-2 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.course_clusters.run_slug is 'Name of the Stage-2 run, and of its folder';
comment on column gold.course_clusters.cluster_id is 'Course code and number';
comment on column gold.course_clusters.course_code is 'Course';
comment on column gold.course_clusters.course_title is 'Its title';
comment on column gold.course_clusters.issue_summary is 'The root cause that the posts share';
comment on column gold.course_clusters.num_posts is 'Posts in the cluster';
comment on column gold.course_clusters.course_status is 'How the course''s answer came about: ok, repaired after a second invalid reply, or failed (each post on its own)';
comment on column gold.course_clusters.model is 'Model that grouped the course; null where none answered';

create table if not exists gold.course_cluster_posts (
    corpus             varchar not null,
    schema_version     varchar not null,
    run_id             varchar,
    run_slug           varchar not null,
    cluster_id         varchar not null,
    course_code        varchar not null,
    post_id            varchar not null,
    root_cause_summary varchar not null,
    pain_point_snippet varchar not null
);
comment on table gold.course_cluster_posts is 'One row a post in a cluster; a post may be in several of its course. Key: corpus, cluster_id, post_id.';
comment on column gold.course_cluster_posts.corpus is 'Stage-1 run slug, and partition';
comment on column gold.course_cluster_posts.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.course_cluster_posts.run_id is 'Stage-2 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.course_cluster_posts.run_slug is 'Name of the Stage-2 run, and of its folder';
comment on column gold.course_cluster_posts.cluster_id is 'Cluster';
comment on column gold.course_cluster_posts.course_code is 'Course';
comment on column gold.course_cluster_posts.post_id is 'The post';
comment on column gold.course_cluster_posts.root_cause_summary is 'The fixable cause in Stage 1''s words';
comment on column gold.course_cluster_posts.pain_point_snippet is 'The student''s own words, verbatim';

create table if not exists gold.global_themes (
    corpus                 varchar not null,
    schema_version         varchar not null,
    run_id                 varchar,
    run_slug               varchar not null,
    global_cluster_id      varchar not null,
    provisional_label      varchar not null,
    normalized_issue_label varchar not null,
    family                 varchar,
    short_description      varchar not null,
    total_num_posts        integer not null,
    num_distinct_posts     integer not null,
    num_clusters           integer not null,
    num_courses            integer not null
);
comment on table gold.global_themes is 'One row a theme that recurs across courses. Key: corpus, global_cluster_id.';
comment on column gold.global_themes.corpus is 'Stage-1 run slug, and partition';
comment on column gold.global_themes.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.global_themes.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.global_themes.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.global_themes.global_cluster_id is 'G001 and on, by descending number of posts';
comment on column gold.global_themes.provisional_label is 'The root cause as a phrase; analysts may edit it later';
comment on column gold.global_themes.normalized_issue_label is 'Label of the taxonomy, or a new one in snake_case';
comment on column gold.global_themes.family is 'Reporting family of the label; null for a new label';
comment on column gold.global_themes.short_description is 'The fixable mechanism in a sentence';
comment on column gold.global_themes.total_num_posts is '(post, cluster) pairs of the theme';
comment on column gold.global_themes.num_distinct_posts is 'Distinct posts of the theme';
comment on column gold.global_themes.num_clusters is 'Clusters of the theme';
comment on column gold.global_themes.num_courses is 'Courses that it occurs in';

create table if not exists gold.cluster_global_index (
    corpus                 varchar not null,
    schema_version         varchar not null,
    run_id                 varchar,
    run_slug               varchar not null,
    cluster_id             varchar not null,
    course_code            varchar not null,
    global_cluster_id      varchar not null,
    normalized_issue_label varchar,
    provisional_label      varchar,
    total_num_posts        integer not null,
    num_courses            integer not null
);
comment on table gold.cluster_global_index is 'One row a Stage-2 cluster: the theme that it belongs to, or UNASSIGNED. Key: corpus, cluster_id.';
comment on column gold.cluster_global_index.corpus is 'Stage-1 run slug, and partition';
comment on column gold.cluster_global_index.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.cluster_global_index.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.cluster_global_index.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.cluster_global_index.cluster_id is 'Cluster';
comment on column gold.cluster_global_index.course_code is 'Its course';
comment on column gold.cluster_global_index.global_cluster_id is 'Theme, or UNASSIGNED';
comment on column gold.cluster_global_index.normalized_issue_label is 'Label of the theme; null where unassigned';
comment on column gold.cluster_global_index.provisional_label is 'Phrase of the theme; null where unassigned';
comment on column gold.cluster_global_index.total_num_posts is '(post, cluster) pairs of the theme; of the cluster alone where unassigned';
comment on column gold.cluster_global_index.num_courses is 'Courses of the theme; 1 where unassigned';

create table if not exists gold.post_global_index (
    corpus                 varchar not null,
    schema_version         varchar not null,
    run_id                 varchar,
    run_slug               varchar not null,
    post_id                varchar not null,
    course_code            varchar not null,
    cluster_id             varchar not null,
    global_cluster_id      varchar not null,
    normalized_issue_label varchar
);
comment on table gold.post_global_index is 'One row a post, its cluster and that cluster''s theme. Key: corpus, post_id, cluster_id, global_cluster_id.';
comment on column gold.post_global_index.corpus is 'Stage-1 run slug, and partition';
comment on column gold.post_global_index.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.post_global_index.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.post_global_index.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.post_global_index.post_id is 'The post';
comment on column gold.post_global_index.course_code is 'Course';
comment on column gold.post_global_index.cluster_id is 'Cluster';
comment on column gold.post_global_index.global_cluster_id is 'Theme, or UNASSIGNED';
comment on column gold.post_global_index.normalized_issue_label is 'Label of the theme; null where unassigned';

create table if not exists gold.cluster_global_alignment_long (
    corpus                 varchar not null,
    schema_version         varchar not null,
    run_id                 varchar,
    run_slug               varchar not null,
    cluster_id             varchar not null,
    global_cluster_id      varchar not null,
    normalized_issue_label varchar,
    post_count             integer not null
);
comment on table gold.cluster_global_alignment_long is 'One row a cluster, theme and label, with the posts that they share (diagnostic). Key: corpus, cluster_id, global_cluster_id.';
comment on column gold.cluster_global_alignment_long.corpus is 'Stage-1 run slug, and partition';
comment on column gold.cluster_global_alignment_long.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.cluster_global_alignment_long.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.cluster_global_alignment_long.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.cluster_global_alignment_long.cluster_id is 'Cluster';
comment on column gold.cluster_global_alignment_long.global_cluster_id is 'Theme, or UNASSIGNED';
comment on column gold.cluster_global_alignment_long.normalized_issue_label is 'Label of the theme; null where unassigned';
comment on column gold.cluster_global_alignment_long.post_count is 'Posts of the cluster in the theme';

create table if not exists gold.global_issue_coverage (
    corpus                 varchar not null,
    schema_version         varchar not null,
    run_id                 varchar,
    run_slug               varchar not null,
    normalized_issue_label varchar,
    global_cluster_id      varchar not null,
    total_posts            integer not null,
    num_clusters           integer not null
);
comment on table gold.global_issue_coverage is 'One row a label and theme: how much it covers (diagnostic). Key: corpus, normalized_issue_label, global_cluster_id.';
comment on column gold.global_issue_coverage.corpus is 'Stage-1 run slug, and partition';
comment on column gold.global_issue_coverage.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.global_issue_coverage.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.global_issue_coverage.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.global_issue_coverage.normalized_issue_label is 'Label of the theme; null where unassigned';
comment on column gold.global_issue_coverage.global_cluster_id is 'Theme, or UNASSIGNED';
comment on column gold.global_issue_coverage.total_posts is '(post, cluster) pairs';
comment on column gold.global_issue_coverage.num_clusters is 'Clusters';

create table if not exists gold.cluster_issue_coverage (
    corpus                          varchar not null,
    schema_version                  varchar not null,
    run_id                          varchar,
    run_slug                        varchar not null,
    cluster_id                      varchar not null,
    dominant_global_cluster_id      varchar not null,
    dominant_normalized_issue_label varchar,
    dominant_issue_post_count       integer not null,
    total_posts                     integer not null,
    purity                          double not null
);
comment on table gold.cluster_issue_coverage is 'One row a cluster: the theme that most of its posts went to (diagnostic). Key: corpus, cluster_id.';
comment on column gold.cluster_issue_coverage.corpus is 'Stage-1 run slug, and partition';
comment on column gold.cluster_issue_coverage.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.cluster_issue_coverage.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.cluster_issue_coverage.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.cluster_issue_coverage.cluster_id is 'Cluster';
comment on column gold.cluster_issue_coverage.dominant_global_cluster_id is 'Theme with most of its posts';
comment on column gold.cluster_issue_coverage.dominant_normalized_issue_label is 'Label of that theme; null where unassigned';
comment on column gold.cluster_issue_coverage.dominant_issue_post_count is 'Posts of the cluster in that theme';
comment on column gold.cluster_issue_coverage.total_posts is 'Posts of the cluster';
comment on column gold.cluster_issue_coverage.purity is 'dominant_issue_post_count / total_posts';

create table if not exists gold.global_theme_eval (
    corpus                  varchar not null,
    schema_version          varchar not null,
    run_id                  varchar,
    run_slug                varchar not null,
    num_clusters            integer not null,
    num_unassigned_clusters integer not null,
    num_themes              integer not null,
    num_labels              integer not null,
    unassigned_post_share   double,
    largest_theme_share     double,
    mean_purity             double,
    warning                 varchar
);
comment on table gold.global_theme_eval is 'One row a Stage-3 run: how well its themes cover the clusters (diagnostic). Key: corpus.';
comment on column gold.global_theme_eval.corpus is 'Stage-1 run slug, and partition';
comment on column gold.global_theme_eval.schema_version is 'Version of the rows'' and files'' shape';
comment on column gold.global_theme_eval.run_id is 'Stage-3 run that made the row; its artefacts'' manifest carries the same';
comment on column gold.global_theme_eval.run_slug is 'Name of the Stage-3 run, and of its folder';
comment on column gold.global_theme_eval.num_clusters is 'Clusters that were to be assigned';
comment on column gold.global_theme_eval.num_unassigned_clusters is 'Clusters without a theme';
comment on column gold.global_theme_eval.num_themes is 'Themes';
comment on column gold.global_theme_eval.num_labels is 'Distinct labels';
comment on column gold.global_theme_eval.unassigned_post_share is 'Share of (post, cluster) pairs without a theme; null without clusters';
comment on column gold.global_theme_eval.largest_theme_share is 'Share of (post, cluster) pairs in the largest theme; null without themes';
comment on column gold.global_theme_eval.mean_purity is 'Mean purity over clusters; null without clusters';
comment on column gold.global_theme_eval.warning is 'Why the diagnostics are empty; null where they are not';

create table if not exists ops.course_runs (
    corpus     varchar not null,
    stage      varchar not null check (stage in ('stage2', 'stage3')),
    run_id     varchar,
    run_slug   varchar not null,
    run_dir    varchar not null,
    model_name varchar,
    created_at varchar
);
comment on table ops.course_runs is 'One row a corpus and stage: the run whose rows the gold tables have. Key: corpus, stage.';
comment on column ops.course_runs.corpus is 'Stage-1 run slug, and partition';
comment on column ops.course_runs.stage is 'stage2 or stage3';
comment on column ops.course_runs.run_id is 'Run; null for a legacy run';
comment on column ops.course_runs.run_slug is 'Its name';
comment on column ops.course_runs.run_dir is 'Its folder, from the artefacts'' folder on';
comment on column ops.course_runs.model_name is 'Model that was asked first';
comment on column ops.course_runs.created_at is 'When it was made, UTC, as its manifest says';
