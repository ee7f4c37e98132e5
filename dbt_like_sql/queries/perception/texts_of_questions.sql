-- What analysts asked in a call, one row an exchange: title, body and source are those of the item that an exchange is
-- where calls are a source, so that both score alike. An exchange in which nothing was asked has no row.
select
    qa_group_id,
    'earnings_calls' as source,
    silver.question_title(question_text) as title,
    silver.stripped(question_text) as body
from gold.qa_groups
where transcript = $partition
  and silver.stripped(question_text) <> ''
order by qa_group_id
