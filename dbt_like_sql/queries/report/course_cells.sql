-- The cells of the heat map: a course and a theme that occur together, with their clusters.
select
    corpus,
    course_code as course,
    global_cluster_id as theme,
    count(*) as posts,
    list(distinct cluster_id order by cluster_id) as clusters
from gold.post_global_index
group by corpus, course_code, global_cluster_id
order by corpus, course_code, posts desc, global_cluster_id
