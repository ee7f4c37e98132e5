-- Quotes that do not stand at their place in the post as collected, and quotes without their evidence.
select quote.cluster_id, quote.url_hash, quote.field, quote.quote_start, quote.quote_end, quote.quote
from gold.issue_quotes as quote
where quote.cluster_date = $day
  and not (
      exists (
          select 1 from bronze.raw_items as item
          where item.collection_date = quote.cluster_date
            and item.url_hash = quote.url_hash
            and substr(
                    case quote.field when 'title' then item.title else item.body end,
                    quote.quote_start + 1,
                    quote.quote_end - quote.quote_start
                ) = quote.quote
      )
      and exists (
          select 1 from gold.issue_evidence as evidence
          where evidence.cluster_date = quote.cluster_date
            and evidence.cluster_id = quote.cluster_id
            and evidence.issue_key = quote.issue_key
            and evidence.url_hash = quote.url_hash
            and evidence.is_representative
      )
  )
