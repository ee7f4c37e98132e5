-- When a source was last asked about each published post, the latest answers first.
select checked_at, source, outcome, url_hash
from ops.evidence_checks
order by checked_at desc, url_hash
