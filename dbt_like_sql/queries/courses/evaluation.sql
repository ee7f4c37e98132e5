-- How well the themes of a corpus cover its clusters.
select * exclude (corpus)
from gold.global_theme_eval
where corpus = $corpus
