-- The posts in the clusters of a corpus, each with the student's words.
select cluster_id, post_id, root_cause_summary, pain_point_snippet
from gold.course_cluster_posts
where corpus = $corpus
order by cluster_id, post_id
