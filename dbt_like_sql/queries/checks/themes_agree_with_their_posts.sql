-- Themes of a corpus whose totals are not those of their posts, and posts under a theme that is not there.
select
    coalesce(theme.global_cluster_id, found.global_cluster_id) as global_cluster_id,
    theme.total_num_posts, found.total_num_posts as posts_found,
    theme.num_distinct_posts, found.num_distinct_posts as distinct_posts_found
from (
    select global_cluster_id, total_num_posts, num_distinct_posts from gold.global_themes where corpus = $corpus
) as theme
full join (
    select global_cluster_id, count(*) as total_num_posts, count(distinct post_id) as num_distinct_posts
    from gold.post_global_index
    where corpus = $corpus
      and global_cluster_id <> 'UNASSIGNED'
    group by global_cluster_id
) as found
    on found.global_cluster_id = theme.global_cluster_id
where theme.total_num_posts is distinct from found.total_num_posts
   or theme.num_distinct_posts is distinct from found.num_distinct_posts
