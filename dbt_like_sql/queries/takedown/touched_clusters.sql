-- Clusters that have one of the items, of which something must be left when it is gone.
select cluster_date, cluster_id from silver.cluster_assignments semi join forgotten_items using (url_hash)
where cluster_id >= 0
union
select cluster_date, cluster_id from gold.issue_evidence semi join forgotten_items using (url_hash)
order by all
