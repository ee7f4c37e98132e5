-- What is never to be collected again.
select kind, url_hash, author_hash, source, reason, forgotten_at, proven_at
from ops.tombstones
