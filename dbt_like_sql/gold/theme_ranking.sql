-- description: One row a corpus and theme, the largest first: how many posts, courses and colleges it touches. For
--     leadership that asks which problems recur across courses.
-- depends_on: gold.global_themes, gold.cluster_global_index, bronze.course_catalogue
-- materialized: view
-- group: courses
-- order: corpus, theme_rank
-- column: corpus | Stage-1 run slug
-- column: theme_rank | 1 for the theme with most posts; of several with as many the first by number
-- column: global_cluster_id | Theme
-- column: theme | Its root cause as a phrase
-- column: normalized_issue_label | Its label
-- column: family | Reporting family of the label; null for a label outside the taxonomy
-- column: short_description | The fixable mechanism in a sentence
-- column: posts | (post, cluster) pairs
-- column: distinct_posts | Distinct posts
-- column: clusters | Clusters of courses
-- column: courses | Courses in which it occurs
-- column: colleges | Colleges that offer at least one of these
-- column: run_id | Stage-3 run
-- check: unique corpus, global_cluster_id
-- check: unique corpus, theme_rank
-- check: not_null corpus, theme_rank, theme, normalized_issue_label, posts, distinct_posts, courses, colleges
-- check: assert distinct_posts <= posts

with

colleges as (
    select member.corpus, member.global_cluster_id, count(distinct college) as colleges
    from gold.cluster_global_index as member
    join bronze.course_catalogue as catalogue
        on catalogue.corpus = member.corpus
       and catalogue.course_code = member.course_code
    cross join unnest(catalogue.colleges) as offered(college)
    group by member.corpus, member.global_cluster_id
)

select
    theme.corpus,
    row_number() over (
        partition by theme.corpus
        order by theme.total_num_posts desc, len(theme.global_cluster_id), theme.global_cluster_id
    ) as theme_rank,
    theme.global_cluster_id,
    theme.provisional_label as theme,
    theme.normalized_issue_label,
    theme.family,
    theme.short_description,
    theme.total_num_posts as posts,
    theme.num_distinct_posts as distinct_posts,
    theme.num_clusters as clusters,
    theme.num_courses as courses,
    coalesce(colleges.colleges, 0) as colleges,
    theme.run_id
from gold.global_themes as theme
left join colleges
    on colleges.corpus = theme.corpus
   and colleges.global_cluster_id = theme.global_cluster_id
order by theme.corpus, theme_rank;
