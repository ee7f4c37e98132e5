-- description: One row a corpus and course with pain points: how many there are, into how many problems they group, and
--     the largest of these. For a programme chair who asks what to mend in a course first.
-- depends_on: silver.course_painpoints, bronze.course_catalogue, gold.course_clusters, gold.cluster_global_index
-- materialized: view
-- group: courses
-- order: painpoints desc, course_code
-- column: corpus | Stage-1 run slug
-- column: course_code | Course
-- column: course_title | Its title
-- column: college | Colleges that offer it, separated by semicolons
-- column: painpoints | Pain points that students reported
-- column: clusters | Problems that these group into
-- column: top_issue | Summary of the largest problem; of several equally large ones the first by number
-- column: top_issue_posts | Posts that report it
-- column: top_issue_theme | Theme across courses that it belongs to; null where it is unassigned or themes were not sought
-- column: course_status | How the grouping came about: ok, repaired or failed
-- check: unique corpus, course_code
-- check: not_null corpus, course_code, course_title, college, painpoints, clusters
-- check: assert clusters = 0 or top_issue is not null

with

painpoints as (
    select corpus, course_code, any_value(course_title) as course_title, count(*) as painpoints
    from silver.course_painpoints
    group by corpus, course_code
),

-- Cluster numbers are compared as numbers: C100_10 comes after C100_2.
numbered as (
    select
        corpus,
        course_code,
        cluster_id,
        issue_summary,
        num_posts,
        course_status,
        coalesce(try_cast(regexp_extract(cluster_id, '(\d+)$', 1) as integer), 0) as cluster_number
    from gold.course_clusters
),

issues as (
    select
        corpus,
        course_code,
        count(*) as clusters,
        first(cluster_id order by num_posts desc, cluster_number, cluster_id) as top_cluster_id,
        first(issue_summary order by num_posts desc, cluster_number, cluster_id) as top_issue,
        max(num_posts) as top_issue_posts,
        any_value(course_status) as course_status
    from numbered
    group by corpus, course_code
)

select
    painpoints.corpus,
    painpoints.course_code,
    painpoints.course_title,
    coalesce(array_to_string(catalogue.colleges, '; '), '') as college,
    painpoints.painpoints,
    coalesce(issues.clusters, 0) as clusters,
    issues.top_issue,
    issues.top_issue_posts,
    theme.provisional_label as top_issue_theme,
    issues.course_status
from painpoints
left join bronze.course_catalogue as catalogue
    on catalogue.corpus = painpoints.corpus
   and catalogue.course_code = painpoints.course_code
left join issues
    on issues.corpus = painpoints.corpus
   and issues.course_code = painpoints.course_code
left join gold.cluster_global_index as theme
    on theme.corpus = issues.corpus
   and theme.cluster_id = issues.top_cluster_id
order by painpoints.corpus, painpoints.painpoints desc, painpoints.course_code;
