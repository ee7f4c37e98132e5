-- Days whose rows have one of the labels.
select distinct cluster_date as day from gold.issues semi join forgotten_labels using (canonical_title) order by day
