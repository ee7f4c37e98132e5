-- Clusters of a corpus whose size is not the number of their posts.
select cluster.cluster_id, cluster.num_posts, count(member.post_id) as post_count
from gold.course_clusters as cluster
left join gold.course_cluster_posts as member
    on member.corpus = cluster.corpus
   and member.cluster_id = cluster.cluster_id
where cluster.corpus = $corpus
group by cluster.cluster_id, cluster.num_posts
having cluster.num_posts <> count(member.post_id)
