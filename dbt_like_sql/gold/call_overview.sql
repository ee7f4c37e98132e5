-- description: One row a call with a question-and-answer section: how many analysts asked what, how sure the pairing is.
--     For choosing which call to read and which to review.
-- depends_on: silver.transcript_blocks, gold.qa_groups, silver.transcript_qa
-- materialized: view
-- group: transcripts
-- order: call_date desc, transcript
-- column: transcript | Transcript
-- column: ticker | Ticker of the company
-- column: event_id | Id of the call
-- column: call_date | Day of the call, where its name says it; null without exchanges
-- column: blocks | Blocks of the question-and-answer section
-- column: operator_blocks | Blocks of the operator
-- column: exchanges | Exchanges that were found
-- column: analysts | Distinct analysts who asked
-- column: questions | Questions that they asked
-- column: executives | Distinct people who answered
-- column: ungrouped_blocks | Blocks outside of every exchange, those of the operator left out
-- column: lowest_confidence | Least confidence of an exchange; null without exchanges
-- column: low_confidence_exchanges | Exchanges below 0.7, worth a review
-- column: model_decisions | Blocks that a model decided
-- check: unique transcript
-- check: not_null transcript, blocks, exchanges, analysts, questions

with

calls as (
    select
        transcript,
        any_value(ticker) as ticker,
        any_value(event_id) as event_id
    from silver.transcript_qa
    group by transcript
),

blocks as (
    select
        transcript,
        count(*) as blocks,
        count(*) filter (role = 'operator') as operator_blocks,
        count(*) filter (role <> 'operator' and qa_group_id is null) as ungrouped_blocks,
        count(*) filter (decided_by = 'model') as model_decisions
    from silver.transcript_blocks
    group by transcript
),

exchanges as (
    select
        transcript,
        any_value(call_date) as call_date,
        count(*) as exchanges,
        count(distinct analyst) as analysts,
        sum(question_count)::bigint as questions,
        min(confidence) as lowest_confidence,
        count(*) filter (confidence < 0.7) as low_confidence_exchanges
    from gold.qa_groups
    group by transcript
),

answering as (
    select transcript, count(distinct executive) as executives
    from gold.qa_groups
    cross join unnest(executives) as speakers(executive)
    group by transcript
)

select
    calls.transcript,
    calls.ticker,
    calls.event_id,
    exchanges.call_date,
    coalesce(blocks.blocks, 0) as blocks,
    coalesce(blocks.operator_blocks, 0) as operator_blocks,
    coalesce(exchanges.exchanges, 0) as exchanges,
    coalesce(exchanges.analysts, 0) as analysts,
    coalesce(exchanges.questions, 0) as questions,
    coalesce(answering.executives, 0) as executives,
    coalesce(blocks.ungrouped_blocks, 0) as ungrouped_blocks,
    exchanges.lowest_confidence,
    coalesce(exchanges.low_confidence_exchanges, 0) as low_confidence_exchanges,
    coalesce(blocks.model_decisions, 0) as model_decisions
from calls
left join blocks using (transcript)
left join exchanges using (transcript)
left join answering using (transcript)
order by calls.transcript;
