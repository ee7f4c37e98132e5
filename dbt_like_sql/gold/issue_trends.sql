-- description: One row an issue and day on which it was seen: how much was said about it, whether that is more than it
--     used to be, how sure that is, and whether it stands out from ordinary days. For following problems and for alerts.
-- depends_on: gold.issue_evidence
-- materialized: incremental cluster_date
-- looks_back: first_seen is of all days before, growth and surprise are against those of 30
-- group: issues
-- order: surprise desc, item_count desc, issue_key
-- column: cluster_date | Day on which the posts were written, UTC
-- column: issue_key | Key of the issue
-- column: item_count | Posts of the day that are about this issue
-- column: author_count | Distinct authors; posts whose source names no author count for none
-- column: items_by_source | Posts by source
-- column: first_seen | First day on which the issue was seen
-- column: last_seen | Last day before this one on which it was seen, within 30 days; null where there is none
-- column: days_seen | Days on which it was seen, of its history
-- column: history_days | Its history: the clustered days within the 30 days before this one, since it was first seen
-- column: history_items | Posts about it in its history
-- column: growth | The day's rate of posts against that of its history, 1 for as many as ever; null without history
-- column: growth_low | Lower end of the interval in which the growth lies with a probability of 90 %
-- column: growth_high | Upper end of that interval
-- column: surprise | How unlikely so many posts or more are if nothing has changed: 3 is one day in 1,000, at most 12. A
--     new issue is compared with the first days of the issues that came up in the 30 days before; 0 where fewer than
--     five did
-- column: state | new (first seen on this clustered day or one of the two before it), growing or fading (the whole
--     interval lies above or below 1), else steady
-- column: is_emerging | Whether it stands out for the first time in 7 days: a surprise of 3, three times as much as
--     usual where it has a history, 10 posts and 3 authors, each at least
-- check: unique cluster_date, issue_key
-- check: not_null cluster_date, issue_key, item_count, first_seen, surprise, state, is_emerging
-- check: assert item_count >= 1
-- check: assert state in ('new', 'growing', 'steady', 'fading')
-- check: assert first_seen <= cluster_date
-- check: assert growth is null or growth between growth_low and growth_high

with

by_source as (
    select issue_key, cluster_date, source, count(*) as item_count
    from gold.issue_evidence
    group by issue_key, cluster_date, source
),

sources as (
    select
        issue_key,
        cluster_date,
        map_from_entries(list((source, item_count) order by source)) as items_by_source
    from by_source
    group by issue_key, cluster_date
),

issue_days as (
    select
        issue_key,
        cluster_date,
        count(*) as item_count,
        count(distinct author_hash) as author_count
    from gold.issue_evidence
    group by issue_key, cluster_date
),

first_days as (
    select issue_key, cluster_date as first_seen, item_count
    from issue_days
    qualify row_number() over (partition by issue_key order by cluster_date) = 1
),

-- A day that was not clustered, or has no clusters, says nothing about any issue.
days as (
    select cluster_date, row_number() over (order by cluster_date) as day_number
    from (select distinct cluster_date from issue_days)
),

-- The history of each row, a number a clustered day; a day on which the issue was not seen has 0.
history as (
    select
        today.issue_key,
        today.cluster_date,
        first_days.first_seen,
        max(earlier.cluster_date) as last_seen,
        count(earlier.cluster_date) as days_seen,
        count(day.cluster_date) as history_days,
        coalesce(sum(earlier.item_count), 0)::bigint as history_items,
        coalesce(
            list(coalesce(earlier.item_count, 0) order by day.cluster_date) filter (day.cluster_date is not null), []
        ) as counts
    from issue_days as today
    join first_days on first_days.issue_key = today.issue_key
    left join days as day
        on day.cluster_date >= greatest(first_days.first_seen, today.cluster_date - 30)
       and day.cluster_date < today.cluster_date
    left join issue_days as earlier
        on earlier.issue_key = today.issue_key
       and earlier.cluster_date = day.cluster_date
    group by today.issue_key, today.cluster_date, first_days.first_seen
),

-- How large issues are on the day on which they come up.
newcomers as (
    select
        day.cluster_date,
        count(*) as newcomers,
        avg(first_days.item_count) as mean_items,
        coalesce(var_samp(first_days.item_count), 0) as variance
    from days as day
    join first_days
        on first_days.first_seen >= day.cluster_date - 30
       and first_days.first_seen < day.cluster_date
    group by day.cluster_date
),

-- Rates have a gamma posterior under Jeffreys' prior. Counts vary more from day to day than Poisson's: how much more is
-- taken from the steps between the issue's own days (von Neumann's estimate, which a trend does not inflate, with three
-- days of Poisson added, at least 1).
expected as (
    select
        today.*,
        sources.items_by_source,
        history.* exclude (issue_key, cluster_date, counts),
        (history.history_items + 0.5) / nullif(history.history_days, 0) as usual,
        greatest(1, (
            coalesce(list_sum(list_transform(
                range(1, len(history.counts)),
                lambda place: pow(history.counts[place + 1] - history.counts[place], 2)
            )), 0) / (2 * usual) + 3
        ) / (greatest(history.history_days - 1, 0) + 3)) as dispersion,
        if(history.history_days > 0, usual, if(newcomers.newcomers >= 5, newcomers.mean_items, null)) as mean,
        if(
            history.history_days > 0,
            (dispersion - 1) / usual + 1 / (history.history_items + 0.5),
            greatest(newcomers.variance - newcomers.mean_items, newcomers.mean_items) / pow(newcomers.mean_items, 2)
        ) as spread
    from issue_days as today
    join sources on sources.issue_key = today.issue_key and sources.cluster_date = today.cluster_date
    join history on history.issue_key = today.issue_key and history.cluster_date = today.cluster_date
    left join newcomers on newcomers.cluster_date = today.cluster_date
),

-- The count that comes next is negative binomial with that mean and a variance of mean + spread x mean^2.
judged as (
    select
        *,
        (item_count + 0.5) / usual as growth,
        exp(1.6449 * sqrt(dispersion * (1 / (item_count + 0.5) + 1 / (history_items + 0.5)))) as uncertainty,
        1 / spread as size,
        1 - list_sum(list_transform(range(item_count), lambda fewer: exp(
            lgamma(fewer + size) - lgamma(size) - lgamma(fewer + 1)
            + size * ln(size / (size + mean)) + fewer * ln(mean / (size + mean))
        ))) as chance,
        if(chance is null, 0, -log10(greatest(chance, 1e-12))) as raw_surprise
    from expected
),

scored as (
    select
        judged.* exclude (uncertainty, size, chance, raw_surprise, spread, mean, usual, dispersion),
        growth / uncertainty as growth_low,
        growth * uncertainty as growth_high,
        round(greatest(raw_surprise, 0), 6) as surprise,
        case
            when today.day_number - first_day.day_number <= 2 then 'new'
            when growth / uncertainty > 1 then 'growing'
            when growth * uncertainty < 1 then 'fading'
            else 'steady'
        end as state,
        surprise >= 3 and coalesce(growth, 3) >= 3 and item_count >= 10 and author_count >= 3 as stands_out
    from judged
    join days as today on today.cluster_date = judged.cluster_date
    join days as first_day on first_day.cluster_date = judged.first_seen
)

select
    scored.cluster_date,
    scored.issue_key,
    scored.item_count,
    scored.author_count,
    scored.items_by_source,
    scored.first_seen,
    scored.last_seen,
    scored.days_seen,
    scored.history_days,
    scored.history_items,
    scored.growth,
    scored.growth_low,
    scored.growth_high,
    scored.surprise,
    scored.state,
    scored.stands_out and not exists (
        select 1
        from scored as earlier
        where earlier.issue_key = scored.issue_key
          and earlier.stands_out
          and earlier.cluster_date between scored.cluster_date - 7 and scored.cluster_date - 1
    ) as is_emerging
from scored
order by scored.cluster_date, scored.issue_key;
