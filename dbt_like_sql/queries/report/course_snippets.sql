-- What the posts of each cluster say, in their own words.
select
    post.corpus,
    post.cluster_id as id,
    post.post_id,
    post.pain_point_snippet as text,
    row_number() over (partition by post.corpus, post.cluster_id order by post.post_id) as place
from gold.course_cluster_posts as post
order by place, post.corpus, post.cluster_id
