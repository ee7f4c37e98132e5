-- What each column means, for the DuckDB shell, the analysts' copy and Dagster's column schemas alike.

comment on column ops.llm_calls.call_id is 'Unique id of the call';
comment on column ops.llm_calls.called_at is 'When it was made, UTC';
comment on column ops.llm_calls.run_id is 'Dagster run that made it';
comment on column ops.llm_calls.task is 'What was asked for, such as issue_label';
comment on column ops.llm_calls.model is 'Model that was asked';
comment on column ops.llm_calls.prompt_version is 'Version of the prompt template';
comment on column ops.llm_calls.input_hash is 'SHA-256 of the request';
comment on column ops.llm_calls.prompt_tokens is 'Tokens sent';
comment on column ops.llm_calls.completion_tokens is 'Tokens received';
comment on column ops.llm_calls.cost_usd is 'Price in US dollars; null where it is unknown';
comment on column ops.llm_calls.latency_s is 'Seconds until the answer';
comment on column ops.llm_calls.outcome is 'ok, retried, fallback, failed or cached';
comment on column ops.llm_calls.error is 'Why it failed';

comment on column ops.partition_inputs.table_name is 'Table that was written';
comment on column ops.partition_inputs.partition_key is 'Its partition';
comment on column ops.partition_inputs.input_hash is 'SHA-256 over rows, settings and code version it was computed from';
comment on column ops.partition_inputs.finished_at is 'When it was committed, UTC';

comment on column bronze.raw_items.source is 'github, hackernews, reddit or stackoverflow';
comment on column bronze.raw_items.source_item_id is 'The source''s own id of the post';
comment on column bronze.raw_items.url_hash is 'SHA-256 of the canonical URL';
comment on column bronze.raw_items.url is 'Address of the post';
comment on column bronze.raw_items.collection_date is 'Day of creation (UTC) and partition';
comment on column bronze.raw_items.title is 'Title as posted';
comment on column bronze.raw_items.body is 'Body as posted, Markdown or HTML';
comment on column bronze.raw_items.created_at is 'When it was posted, UTC';
comment on column bronze.raw_items.comment_count is 'Comments or answers';
comment on column bronze.raw_items.vote_count is 'Votes, points or reactions';
comment on column bronze.raw_items.author_hash is 'Salted hash of the author''s name; null where there is none';
comment on column bronze.raw_items.language is 'ISO 639-1 code, null where too short to tell';
comment on column bronze.raw_items.collected_at is 'When this version was first collected, UTC';

comment on column bronze.rejected_items.source is 'Source that sent the record';
comment on column bronze.rejected_items.collection_date is 'Day that was collected';
comment on column bronze.rejected_items.source_item_id is 'The source''s id, where it could be read';
comment on column bronze.rejected_items.reason is 'What is wrong with the record';
comment on column bronze.rejected_items.payload is 'The record as it came';
comment on column bronze.rejected_items.rejected_at is 'When it was set aside, UTC';

comment on column bronze.collections.source is 'Source that was read';
comment on column bronze.collections.collection_date is 'Day that was read';
comment on column bronze.collections.item_count is 'Items kept';
comment on column bronze.collections.rejected_count is 'Records set aside';
comment on column bronze.collections.request_count is 'Requests made';
comment on column bronze.collections.partial_reason is 'Why the day could not be read to its end; null when it was';
comment on column bronze.collections.collected_at is 'When it was read, UTC';

comment on column silver.clusters.cluster_date is 'Day and partition';
comment on column silver.clusters.cluster_id is 'Number within the day, 0 for the largest';
comment on column silver.clusters.cluster_size is 'Items in the cluster';
comment on column silver.clusters.outlier_ratio is 'Share of the day''s items that are noise; the same on every row of a day';
comment on column silver.clusters.mean_distance is 'Mean distance of the items to the centroid, in the 384 dimensions of the embedding';
comment on column silver.clusters.persistence is 'How stable HDBSCAN found the cluster, 0 to 1';
comment on column silver.clusters.n_sources is 'Sources that voiced it';
comment on column silver.clusters.votes is 'Sum of votes';
comment on column silver.clusters.comments is 'Sum of comments';

comment on column silver.cluster_assignments.cluster_date is 'Day and partition';
comment on column silver.cluster_assignments.url_hash is 'The item';
comment on column silver.cluster_assignments.cluster_id is 'Its cluster; -1 is noise';
comment on column silver.cluster_assignments.membership is 'core (HDBSCAN''s own), attached (noise within a cluster''s reach) or noise';
comment on column silver.cluster_assignments.centroid_distance is 'Distance to its cluster''s centroid in 384 dimensions; null for noise';
comment on column silver.cluster_assignments.probability is 'Strength of membership, 0 to 1';
comment on column silver.cluster_assignments.snippet is 'First 200 characters of the cleaned body';
comment on column silver.cluster_assignments.map_x is 'Horizontal place on the day''s map';
comment on column silver.cluster_assignments.map_y is 'Vertical place on the day''s map';

comment on column gold.issues.cluster_date is 'Day and partition';
comment on column gold.issues.cluster_id is 'Cluster of that day';
comment on column gold.issues.issue_key is 'Identity of the issue';
comment on column gold.issues.cluster_fingerprint is 'SHA-256 of the sorted, normalised titles of the representatives';
comment on column gold.issues.cluster_size is 'Items in the cluster';
comment on column gold.issues.canonical_title is 'The problem in at most 120 characters; null when labelling failed';
comment on column gold.issues.category is 'ai, finance, compliance, logistics, healthtech, devtools, ecommerce or other';
comment on column gold.issues.description is 'The root problem in one or two sentences';
comment on column gold.issues.would_pay_signal is 'Whether the posts say that a fix is worth money';
comment on column gold.issues.impact_level is 'low, medium or high';
comment on column gold.issues.label_failed is 'Whether no model gave a valid label';
comment on column gold.issues.failure_reason is 'Why there is no label';
comment on column gold.issues.model is 'Model that made the label';
comment on column gold.issues.prompt_version is 'Version of the prompt';
comment on column gold.issues.reused_from is 'Day whose label was reused; null when it was asked for';
comment on column gold.issues.impact_score is '0 to 100: 40 severity + 30 reach + 20 engagement + 10 willingness to pay';
comment on column gold.issues.created_at is 'When the problem was first voiced that day, UTC';

comment on column gold.issue_evidence.cluster_date is 'Day and partition';
comment on column gold.issue_evidence.cluster_id is 'Cluster of that day';
comment on column gold.issue_evidence.issue_key is 'The issue';
comment on column gold.issue_evidence.url_hash is 'The item';
comment on column gold.issue_evidence.source is 'Where it was posted';
comment on column gold.issue_evidence.url is 'Address of the post';
comment on column gold.issue_evidence.title is 'Title as posted';
comment on column gold.issue_evidence.snippet is 'First 200 characters of the cleaned body';
comment on column gold.issue_evidence.created_at is 'When it was posted, UTC';
comment on column gold.issue_evidence.vote_count is 'Votes, points or reactions';
comment on column gold.issue_evidence.comment_count is 'Comments or answers';
comment on column gold.issue_evidence.author_hash is 'Salted hash of the author''s name';
comment on column gold.issue_evidence.membership is 'core or attached';
comment on column gold.issue_evidence.is_representative is 'Whether the label was made from it';

comment on column gold.live_issues.issue_key is 'The issue';
comment on column gold.live_issues.cluster_date is 'Latest day that published it';
comment on column gold.live_issues.remote_id is 'Id of the record in PocketBase';
comment on column gold.live_issues.payload_hash is 'SHA-256 of what was sent; null when that is unknown';
comment on column gold.live_issues.synced_at is 'When it was last sent, UTC';
comment on column gold.live_issues.attempts is 'Tries since the last success';
comment on column gold.live_issues.last_error is 'Why the last try failed; null when it did not';

comment on column gold.live_issue_evidence.issue_key is 'The issue';
comment on column gold.live_issue_evidence.url_hash is 'The item';
comment on column gold.live_issue_evidence.remote_id is 'Id of the record in PocketBase';
comment on column gold.live_issue_evidence.payload_hash is 'SHA-256 of what was sent';
comment on column gold.live_issue_evidence.synced_at is 'When it was last sent, UTC';
