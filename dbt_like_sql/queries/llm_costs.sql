-- What models were asked and what it cost, a row per day, task and model. A cached answer is no call.
-- cost_usd sums the known costs (null where none is known); calls_without_price says how many are not.
select
    cast(called_at as date)                                               as day,
    task,
    model,
    count(*) filter (where outcome <> 'cached')                           as calls,
    count(*) filter (where outcome = 'cached')                            as cached,
    count(*) filter (where outcome = 'failed')                            as failed,
    cast(coalesce(sum(prompt_tokens), 0) as bigint)                       as prompt_tokens,
    cast(coalesce(sum(completion_tokens), 0) as bigint)                   as completion_tokens,
    sum(cost_usd) filter (where outcome <> 'cached')                      as cost_usd,
    count(*) filter (where outcome <> 'cached' and cost_usd is null)      as calls_without_price,
    round(median(latency_s) filter (where outcome <> 'cached'), 3)        as median_latency_s
from ops.llm_calls
group by day, task, model
order by day, task, model
