-- When a source was last asked about each item, and what it said.
merge into ops.evidence_checks
using new_checks using (url_hash)
when matched then update by name
when not matched then insert by name
