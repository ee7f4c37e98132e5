-- description: One row a day, task and model: how often models were asked, how that went, and what it cost. For budgets
--     and for choosing models. Made of the ledger ops.llm_calls, into which every asset that asks a model moves its
--     calls.
-- depends_on: ops.llm_calls
-- materialized: view
-- group: operations
-- order: call_date desc, task, model
-- column: call_date | Day on which the calls were made, UTC; not the day of the posts that they were about
-- column: task | What was asked for: issue_label, course_clusters, global_themes, qa_boundary
-- column: model | Model that was asked, or whose kept answer was taken
-- column: call_count | Calls that were made, rejected replies and failures among them
-- column: cached_count | Answers that were known already and cost nothing; they are no calls
-- column: retried_count | Calls that brought a valid answer after an invalid one
-- column: fallback_count | Calls that brought a valid answer in place of a model that failed
-- column: failed_count | Calls that brought no valid answer
-- column: prompt_tokens | Tokens sent; calls whose server does not tell count for none
-- column: completion_tokens | Tokens received, likewise
-- column: cost_usd | Sum of the known prices, in US dollars; null where no price is known
-- column: unpriced_call_count | Calls of unknown price; the true cost is higher by theirs
-- column: mean_latency_s | Mean seconds until a call's answer; null where only kept answers were used
-- check: unique call_date, task, model
-- check: not_null call_date, task, model, call_count, cached_count, prompt_tokens, completion_tokens
-- check: assert retried_count + fallback_count + failed_count <= call_count
-- check: assert (cost_usd is null) = (unpriced_call_count = call_count)
-- check: assert cost_usd is null or cost_usd >= 0
-- check: assert prompt_tokens >= 0
-- check: assert completion_tokens >= 0

select
    called_at::date as call_date,
    task,
    model,
    count(*) filter (outcome <> 'cached') as call_count,
    count(*) filter (outcome = 'cached') as cached_count,
    count(*) filter (outcome = 'retried') as retried_count,
    count(*) filter (outcome = 'fallback') as fallback_count,
    count(*) filter (outcome = 'failed') as failed_count,
    coalesce(sum(prompt_tokens), 0)::bigint as prompt_tokens,
    coalesce(sum(completion_tokens), 0)::bigint as completion_tokens,
    sum(cost_usd) filter (outcome <> 'cached') as cost_usd,
    count(*) filter (outcome <> 'cached' and cost_usd is null) as unpriced_call_count,
    avg(latency_s) filter (outcome <> 'cached') as mean_latency_s
from ops.llm_calls
group by call_date, task, model
order by call_date, task, model;
