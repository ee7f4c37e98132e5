-- The themes of a corpus, the largest first.
select
    global_cluster_id, provisional_label, normalized_issue_label, family, short_description,
    total_num_posts, num_distinct_posts, num_clusters, num_courses
from gold.global_themes
where corpus = $corpus
order by global_cluster_id
