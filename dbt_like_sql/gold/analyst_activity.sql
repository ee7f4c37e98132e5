-- description: One row an analyst and firm: in how many calls they spoke and what they asked. For seeing who follows
--     which companies, and how closely.
-- depends_on: gold.qa_groups
-- materialized: view
-- group: transcripts
-- order: questions desc, analyst
-- column: analyst | Who asks, as printed
-- column: firm | Their firm; empty where the transcript does not say
-- column: calls | Calls in which they asked
-- column: exchanges | Exchanges that they had
-- column: questions | Questions that they asked
-- column: companies | Distinct tickers
-- column: first_call_date | First call whose day is known
-- column: last_call_date | Last such call
-- column: mean_confidence | Mean confidence of the exchanges
-- check: unique analyst, firm
-- check: not_null analyst, firm, calls, exchanges, questions
-- check: assert questions >= exchanges and exchanges >= calls

select
    analyst,
    coalesce(firm, '') as firm,
    count(distinct transcript) as calls,
    count(*) as exchanges,
    sum(question_count)::bigint as questions,
    count(distinct ticker) as companies,
    min(call_date) as first_call_date,
    max(call_date) as last_call_date,
    avg(confidence) as mean_confidence
from gold.qa_groups
where analyst is not null
group by analyst, coalesce(firm, '')
order by calls desc, questions desc, analyst, firm;
