-- Clusters within courses, the largest first, with their theme.
select
    cluster.corpus,
    cluster.cluster_id as id,
    cluster.course_code as course,
    coalesce(theme.global_cluster_id, 'UNASSIGNED') as theme,
    cluster.issue_summary as summary,
    cluster.num_posts as posts
from gold.course_clusters as cluster
left join gold.cluster_global_index as theme
    on theme.corpus = cluster.corpus
   and theme.cluster_id = cluster.cluster_id
order by cluster.corpus, cluster.num_posts desc, cluster.cluster_id
