-- The run that a corpus was loaded into last.
select run_id from bronze.perception_corpus where corpus = $corpus
