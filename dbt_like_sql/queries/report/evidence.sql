-- The posts behind the issues of ``report_issues`` on the day for which each is shown: those that made the label first,
-- then those with the most votes.
select
    report_issues.key,
    evidence.url,
    evidence.source,
    evidence.title,
    evidence.snippet,
    quotes.quote,
    evidence.created_at::date::varchar as created_at,
    evidence.vote_count as votes,
    evidence.comment_count as comments,
    evidence.is_representative as representative,
    round(1 - feeling.valence, 2) as negativity,
    row_number() over (
        partition by report_issues.key
        order by evidence.is_representative desc, evidence.vote_count desc nulls last, evidence.url_hash
    ) as place
from report_issues
join gold.issue_evidence as evidence using (issue_key, cluster_date)
left join gold.issue_quotes as quotes
    on quotes.cluster_date = evidence.cluster_date
   and quotes.url_hash = evidence.url_hash
left join silver.item_perception as feeling
    on feeling.collection_date = evidence.cluster_date
   and feeling.url_hash = evidence.url_hash
qualify place <= $most
order by report_issues.position, place
