-- Earnings calls, the latest first.
select
    call.transcript,
    call.ticker,
    call.call_date::varchar as call_date,
    call.exchanges,
    call.analysts,
    call.questions,
    call.executives,
    if(call.lowest_confidence < 1, least(round(call.lowest_confidence, 2), 0.99), call.lowest_confidence)
        as lowest_confidence,
    call.low_confidence_exchanges,
    coalesce(asked.names, []) as analyst_names
from gold.call_overview as call
left join (
    select transcript, list(distinct analyst order by analyst) filter (analyst is not null) as names
    from gold.qa_groups
    group by transcript
) as asked
    on asked.transcript = call.transcript
order by call.call_date desc nulls last, call.transcript
