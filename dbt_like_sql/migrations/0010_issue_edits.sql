-- What people decided about issues. Append-only: every run replays it, nothing in it is ever changed.
create table if not exists ops.issue_edits (
    edit_id    integer primary key,
    edited_at  timestamp not null,
    edited_by  varchar not null,
    kind       varchar not null check (kind in ('rename', 'merge', 'split', 'mute', 'unmute')),
    issue_key  varchar not null,
    target_key varchar,
    title      varchar,
    url_hashes varchar[],
    reason     varchar
);
comment on table ops.issue_edits is 'One row a decision of a person about an issue, in the order in which they are replayed. Key: edit_id.';
comment on column ops.issue_edits.edit_id is 'Number of the edit, counting up from 1: the order of replay';
comment on column ops.issue_edits.edited_at is 'When it was made, UTC';
comment on column ops.issue_edits.edited_by is 'Who made it';
comment on column ops.issue_edits.kind is 'rename, merge, split, mute or unmute';
comment on column ops.issue_edits.issue_key is 'The issue that was edited';
comment on column ops.issue_edits.target_key is 'merge: the issue that it became part of; split: the issue that was split off; else null';
comment on column ops.issue_edits.title is 'rename: the title that a person gave it; split: the title of what was split off, where one was given';
comment on column ops.issue_edits.url_hashes is 'split: the items that were split off';
comment on column ops.issue_edits.reason is 'Why, in the words of who made it';

-- What was decided stands in gold beside what the model said, so that a title is never taken for the model's.
alter table gold.issues add column if not exists model_title varchar;
alter table gold.issues add column if not exists title_by varchar;
alter table gold.issues add column if not exists muted boolean;
comment on column gold.issues.canonical_title is 'The problem in at most 120 characters, by the model or a person; null when labelling failed';
comment on column gold.issues.model_title is 'Title that the model gave; null when labelling failed';
comment on column gold.issues.title_by is 'Who gave the title; null where the model did';
comment on column gold.issues.muted is 'Whether a person muted the issue: it is not published';

update gold.issues set model_title = canonical_title, muted = false;
