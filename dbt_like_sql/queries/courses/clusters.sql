-- The clusters of a corpus, the largest first.
select course_code, course_title, cluster_id, issue_summary, num_posts, course_status, model
from gold.course_clusters
where corpus = $corpus
order by num_posts desc, cluster_id
