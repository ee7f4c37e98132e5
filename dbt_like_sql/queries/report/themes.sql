-- Themes across courses, the largest first.
select
    corpus,
    global_cluster_id as id,
    theme,
    normalized_issue_label as label,
    short_description as description,
    posts
from gold.theme_ranking
order by corpus, theme_rank
