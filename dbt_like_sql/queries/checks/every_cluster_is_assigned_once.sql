-- Clusters of a corpus that are not exactly once in the index, and rows of the index whose cluster is not there.
select coalesce(cluster.cluster_id, member.cluster_id) as cluster_id, count(member.cluster_id) as times
from (select cluster_id from gold.course_clusters where corpus = $corpus) as cluster
full join (select cluster_id from gold.cluster_global_index where corpus = $corpus) as member
    on member.cluster_id = cluster.cluster_id
group by all
having count(member.cluster_id) <> 1 or count(cluster.cluster_id) <> 1
