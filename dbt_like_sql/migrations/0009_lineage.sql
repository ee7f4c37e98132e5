-- Issues that last: which issue each cluster of a day is, and what an issue is recognised by when a day is run again.
create table if not exists gold.issue_lineage (
    cluster_date  date not null,
    cluster_id    integer not null,
    issue_key     varchar not null,
    relation      varchar not null check (relation in ('new', 'continues', 'splits', 'merges')),
    similarity    double,
    previous_keys varchar[] not null
);
comment on table gold.issue_lineage is 'Which issue each cluster of a day is, and what became of the issues before it. Key: cluster_date, cluster_id.';
comment on column gold.issue_lineage.cluster_date is 'Day and partition';
comment on column gold.issue_lineage.cluster_id is 'The cluster, as in silver.clusters';
comment on column gold.issue_lineage.issue_key is 'Key of the issue as it was recognised, before what people decided is applied (ops.issue_edits); gold.issues has it after';
comment on column gold.issue_lineage.relation is 'To the days before: new (nothing like it was seen), continues, splits (was a part of an issue that goes on beside it), merges (took in another issue)';
comment on column gold.issue_lineage.similarity is 'Resemblance to the earlier issue that it comes from, for a new one to the nearest: 1 as alike as posts of one problem, 0 like any two; null where no earlier issue is known';
comment on column gold.issue_lineage.previous_keys is 'The earlier issues that went into it: none for a new one, itself where it continues, and all that were merged';

create table if not exists ops.issue_anchors (
    cluster_date date not null,
    issue_key    varchar not null,
    url_hash     varchar not null
);
comment on table ops.issue_anchors is 'The items that stood for each issue on each day. They bring a day that is run again its keys back, also after silver and gold were emptied. Key: cluster_date, url_hash.';
comment on column ops.issue_anchors.cluster_date is 'Day';
comment on column ops.issue_anchors.issue_key is 'Issue, as in gold.issue_lineage';
comment on column ops.issue_anchors.url_hash is 'Representative item of the issue on that day';

-- Days that were labelled before issues were followed keep the keys that they have.
insert into gold.issue_lineage
select cluster_date, cluster_id, issue_key, 'new', null, []
from gold.issues;

insert into ops.issue_anchors
select cluster_date, issue_key, url_hash
from gold.issue_evidence
where is_representative;
