-- Who wrote an item, as far as any table knows.
select source, author_hash from bronze.raw_items where url_hash = $url_hash and author_hash is not null
union
select source, author_hash from gold.issue_evidence where url_hash = $url_hash and author_hash is not null
