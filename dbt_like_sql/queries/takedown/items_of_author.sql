-- Everything of one author.
select url_hash from bronze.raw_items where author_hash = $author_hash
union
select url_hash from gold.issue_evidence where author_hash = $author_hash
order by url_hash
