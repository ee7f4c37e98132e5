-- The largest themes of a corpus.
select *
from gold.theme_ranking
where corpus = $corpus
order by theme_rank
limit $rows
