-- Each cluster of a corpus and the theme that it went to.
select cluster_id, course_code, global_cluster_id, normalized_issue_label, provisional_label
from gold.cluster_global_index
where corpus = $corpus
order by cluster_id
