-- Pain points of a corpus that are in no cluster, and posts in clusters that were never sent.
select
    coalesce(painpoint.course_code, member.course_code) as course_code,
    coalesce(painpoint.post_id, member.post_id) as post_id,
    if(member.post_id is null, 'in no cluster', 'not among the pain points') as problem
from (select course_code, post_id from silver.course_painpoints where corpus = $corpus) as painpoint
full join (
    select distinct course_code, post_id from gold.course_cluster_posts where corpus = $corpus
) as member
    on member.course_code = painpoint.course_code
   and member.post_id = painpoint.post_id
where member.post_id is null or painpoint.post_id is null
