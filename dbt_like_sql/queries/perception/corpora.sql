-- The corpora that models are trained on.
select corpus, item_count, author_count, awaiting_review, variables, source, first_at, last_at, run_id
from bronze.perception_corpus
order by corpus
