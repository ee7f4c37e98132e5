-- What models were asked and what it cost, day by day.
select
    call_date::varchar as day,
    task,
    model,
    call_count as calls,
    cached_count as cached,
    failed_count as failed,
    prompt_tokens,
    completion_tokens,
    cost_usd,
    unpriced_call_count as unpriced
from gold.llm_cost_daily
order by day, task, model
