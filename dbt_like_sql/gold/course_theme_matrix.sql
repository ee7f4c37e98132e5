-- description: One row a corpus, course and theme that occur together: the cells of the course by theme heat map.
--     Clusters without a theme stand under UNASSIGNED.
-- depends_on: gold.post_global_index, gold.cluster_global_index, gold.course_clusters
-- materialized: view
-- group: courses
-- order: posts desc, course_code, global_cluster_id
-- column: corpus | Stage-1 run slug
-- column: course_code | Course
-- column: course_title | Its title
-- column: global_cluster_id | Theme, or UNASSIGNED
-- column: theme | Its root cause as a phrase; null where unassigned
-- column: normalized_issue_label | Its label; null where unassigned
-- column: posts | (post, cluster) pairs of the course in the theme
-- column: distinct_posts | Distinct posts of the course in the theme
-- column: clusters | Clusters of the course in the theme
-- check: unique corpus, course_code, global_cluster_id
-- check: not_null corpus, course_code, global_cluster_id, posts, distinct_posts, clusters
-- check: assert distinct_posts <= posts

select
    post.corpus,
    post.course_code,
    any_value(cluster.course_title) as course_title,
    post.global_cluster_id,
    any_value(theme.provisional_label) as theme,
    any_value(theme.normalized_issue_label) as normalized_issue_label,
    count(*) as posts,
    count(distinct post.post_id) as distinct_posts,
    count(distinct post.cluster_id) as clusters
from gold.post_global_index as post
join gold.cluster_global_index as theme
    on theme.corpus = post.corpus
   and theme.cluster_id = post.cluster_id
join gold.course_clusters as cluster
    on cluster.corpus = post.corpus
   and cluster.cluster_id = post.cluster_id
group by post.corpus, post.course_code, post.global_cluster_id
order by post.corpus, post.course_code, posts desc, post.global_cluster_id;
