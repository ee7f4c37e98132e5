-- The first time counts; a takedown that is run again is to be proven again.
merge into ops.tombstones as known
using new_tombstones as made
    on known.kind = made.kind
   and known.url_hash is not distinct from made.url_hash
   and known.author_hash is not distinct from made.author_hash
when matched then update set proven_at = null, source = coalesce(known.source, made.source)
when not matched then insert (kind, url_hash, author_hash, source, reason, forgotten_at)
    values (made.kind, made.url_hash, made.author_hash, made.source, made.reason, made.forgotten_at)
