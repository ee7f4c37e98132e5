-- The server lost its collections: nothing that is tracked is there any more, so everything is to be sent again.
update gold.live_issues set payload_hash = null where payload_hash is not null;
update gold.live_issue_evidence set payload_hash = null where payload_hash is not null;
