-- A search through everything found nothing.
update ops.tombstones
set proven_at = $proven_at
where url_hash in (select unnest($url_hashes::varchar[])) or author_hash in (select unnest($authors::varchar[]))
