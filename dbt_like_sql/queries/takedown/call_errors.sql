-- All wordings of failed model calls; the reason may quote what was copied from a post.
select distinct error
from ops.llm_calls
where error is not null
order by error
