-- The transcripts domain: paragraphs of earnings calls, what was decided about each block, exchanges.
-- Everything is replaced by transcript; keys stand in the comments, transactions check them.
create table if not exists bronze.transcript_paragraphs (
    transcript              varchar not null,
    position                integer not null,
    filename                varchar,
    ticker                  varchar,
    event_id                varchar,
    section_id              bigint,
    section_name            varchar,
    section_type            varchar,
    section_type_confidence double,
    section_type_method     varchar,
    speaker_block_id        bigint not null,
    paragraph_id            bigint not null,
    speaker                 varchar,
    question_answer_flag    varchar,
    paragraph_content       varchar not null,
    record                  varchar not null,
    input_path              varchar not null,
    input_sha256            varchar not null
);
comment on table bronze.transcript_paragraphs is 'One row a paragraph of a classified transcript, as read. Key: transcript, position.';
comment on column bronze.transcript_paragraphs.transcript is 'Transcript, and partition';
comment on column bronze.transcript_paragraphs.position is 'Place of the record in its transcript, counted from 0';
comment on column bronze.transcript_paragraphs.filename is 'File that the record came from';
comment on column bronze.transcript_paragraphs.ticker is 'Ticker of the company';
comment on column bronze.transcript_paragraphs.event_id is 'Id of the call';
comment on column bronze.transcript_paragraphs.section_id is 'Section';
comment on column bronze.transcript_paragraphs.section_name is 'Name of the section';
comment on column bronze.transcript_paragraphs.section_type is 'Type of the section; Investor Q&A is paired';
comment on column bronze.transcript_paragraphs.section_type_confidence is 'How sure the type is';
comment on column bronze.transcript_paragraphs.section_type_method is 'How the type was found';
comment on column bronze.transcript_paragraphs.speaker_block_id is 'Consecutive paragraphs of one speaker';
comment on column bronze.transcript_paragraphs.paragraph_id is 'Paragraph';
comment on column bronze.transcript_paragraphs.speaker is 'Who speaks, as printed';
comment on column bronze.transcript_paragraphs.question_answer_flag is 'question, answer, q, a, or null';
comment on column bronze.transcript_paragraphs.paragraph_content is 'What was said';
comment on column bronze.transcript_paragraphs.record is 'The record as read, as JSON, with the fields that this table does not know';
comment on column bronze.transcript_paragraphs.input_path is 'File that it was read from';
comment on column bronze.transcript_paragraphs.input_sha256 is 'SHA-256 of the transcript''s records';

create table if not exists silver.transcript_qa (
    transcript              varchar not null,
    position                integer not null,
    filename                varchar,
    ticker                  varchar,
    event_id                varchar,
    section_id              bigint,
    section_name            varchar,
    section_type            varchar,
    section_type_confidence double,
    section_type_method     varchar,
    speaker_block_id        bigint not null,
    paragraph_id            bigint not null,
    speaker                 varchar,
    question_answer_flag    varchar,
    paragraph_content       varchar not null,
    qa_group_id             integer,
    qa_group_confidence     double,
    qa_group_method         varchar
);
comment on table silver.transcript_qa is 'One row a paragraph with the exchange that it belongs to. Key: transcript, position.';
comment on column silver.transcript_qa.transcript is 'Transcript, and partition';
comment on column silver.transcript_qa.position is 'Place of the record in its transcript, counted from 0';
comment on column silver.transcript_qa.filename is 'File that the record came from';
comment on column silver.transcript_qa.ticker is 'Ticker of the company';
comment on column silver.transcript_qa.event_id is 'Id of the call';
comment on column silver.transcript_qa.section_id is 'Section';
comment on column silver.transcript_qa.section_name is 'Name of the section';
comment on column silver.transcript_qa.section_type is 'Type of the section; Investor Q&A is paired';
comment on column silver.transcript_qa.section_type_confidence is 'How sure the type is';
comment on column silver.transcript_qa.section_type_method is 'How the type was found';
comment on column silver.transcript_qa.speaker_block_id is 'Consecutive paragraphs of one speaker';
comment on column silver.transcript_qa.paragraph_id is 'Paragraph';
comment on column silver.transcript_qa.speaker is 'Who speaks, as printed';
comment on column silver.transcript_qa.question_answer_flag is 'question, answer, q, a, or null';
comment on column silver.transcript_qa.paragraph_content is 'What was said';
comment on column silver.transcript_qa.qa_group_id is 'Exchange, counted from 1 in its transcript; null outside of one';
comment on column silver.transcript_qa.qa_group_confidence is 'Confidence of the exchange, 0 to 1';
comment on column silver.transcript_qa.qa_group_method is 'How the exchange was found: rule_detection, llm_detection, llm_detection_medium_confidence or xml_fallback';

create table if not exists silver.transcript_blocks (
    transcript       varchar not null,
    speaker_block_id bigint not null,
    block_index      integer not null,
    speaker          varchar,
    speaker_name     varchar,
    firm             varchar,
    role             varchar not null,
    status           varchar not null,
    qa_group_id      integer,
    decided_by       varchar not null,
    confidence       double not null,
    margin           double,
    reasons          varchar[] not null,
    reasoning        varchar,
    paragraph_count  integer not null,
    word_count       integer not null
);
comment on table silver.transcript_blocks is 'One row a block of the question-and-answer section: what was decided about it, and why. Key: transcript, speaker_block_id.';
comment on column silver.transcript_blocks.transcript is 'Transcript, and partition';
comment on column silver.transcript_blocks.speaker_block_id is 'Block';
comment on column silver.transcript_blocks.block_index is 'Place of the block in the section, counted from 0';
comment on column silver.transcript_blocks.speaker is 'Who speaks, as printed';
comment on column silver.transcript_blocks.speaker_name is 'Name';
comment on column silver.transcript_blocks.firm is 'Firm';
comment on column silver.transcript_blocks.role is 'operator, analyst, executive or unknown';
comment on column silver.transcript_blocks.status is 'group_start, group_continue, group_end or standalone';
comment on column silver.transcript_blocks.qa_group_id is 'Exchange that it belongs to';
comment on column silver.transcript_blocks.decided_by is 'operator, rule, model or flags';
comment on column silver.transcript_blocks.confidence is 'Confidence of the decision, 0 to 1';
comment on column silver.transcript_blocks.margin is 'By how much the rules decided, 0 to 1; below QA_MARGIN a model is asked';
comment on column silver.transcript_blocks.reasons is 'What spoke for the rules'' decision, the weightiest first';
comment on column silver.transcript_blocks.reasoning is 'The model''s own sentence; null where the rules decided';
comment on column silver.transcript_blocks.paragraph_count is 'Paragraphs';
comment on column silver.transcript_blocks.word_count is 'Words';

create table if not exists gold.qa_groups (
    transcript     varchar not null,
    ticker         varchar,
    event_id       varchar,
    call_date      date,
    qa_group_id    integer not null,
    analyst        varchar,
    firm           varchar,
    executives     varchar[] not null,
    question_text  varchar not null,
    answer_text    varchar not null,
    question_count integer not null,
    confidence     double not null,
    method         varchar not null,
    first_block_id bigint not null,
    last_block_id  bigint not null,
    block_count    integer not null
);
comment on table gold.qa_groups is 'One row an exchange: an analyst''s questions and the answers to them. Key: transcript, qa_group_id.';
comment on column gold.qa_groups.transcript is 'Transcript, and partition';
comment on column gold.qa_groups.ticker is 'Ticker of the company';
comment on column gold.qa_groups.event_id is 'Id of the call';
comment on column gold.qa_groups.call_date is 'Day of the call, where its name says it';
comment on column gold.qa_groups.qa_group_id is 'Exchange, counted from 1';
comment on column gold.qa_groups.analyst is 'Who asks';
comment on column gold.qa_groups.firm is 'The analyst''s firm';
comment on column gold.qa_groups.executives is 'Who answers';
comment on column gold.qa_groups.question_text is 'What was asked';
comment on column gold.qa_groups.answer_text is 'What was answered';
comment on column gold.qa_groups.question_count is 'Question marks in what was asked, at least 1';
comment on column gold.qa_groups.confidence is 'Confidence of the exchange, 0 to 1';
comment on column gold.qa_groups.method is 'rule_detection, llm_detection, llm_detection_medium_confidence or xml_fallback';
comment on column gold.qa_groups.first_block_id is 'First block';
comment on column gold.qa_groups.last_block_id is 'Last block';
comment on column gold.qa_groups.block_count is 'Blocks';
