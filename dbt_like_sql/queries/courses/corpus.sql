-- Where a corpus came from.
select stage1_model, stage1_prompt, predictions_path, input_sha256, course_list_sha256, row_count
from bronze.course_corpora
where corpus = $corpus
