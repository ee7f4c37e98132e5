-- Every text of the items, table by table, with the day that it counts for.
select url_hash, source, collection_date as day, [url, title, body] as texts
from bronze.raw_items
where url_hash in (select unnest($url_hashes::varchar[]))
union all
select url_hash, source, cluster_date, [url, title, snippet]
from gold.issue_evidence
where url_hash in (select unnest($url_hashes::varchar[]))
union all
select url_hash, null, cluster_date, [snippet]
from silver.cluster_assignments
where url_hash in (select unnest($url_hashes::varchar[])) and snippet is not null
