-- What the posts of a day's weightiest issues say.
select issue.canonical_title as title, quote.quote, quote.field, quote.quote_start
from gold.issue_quotes as quote
join gold.issues as issue using (cluster_date, cluster_id)
where quote.cluster_date = $day
order by issue.impact_score desc, quote.cluster_id, quote.url_hash
