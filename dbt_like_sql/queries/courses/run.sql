-- The run of a stage whose rows the gold tables have.
select run_id, run_slug, run_dir
from ops.course_runs
where corpus = $corpus
  and stage = $stage
