-- A warehouse of 30 days. Filled in: $issues of the last day, and $texts, how many texts there are; the views
-- ``texts`` (number, title, body) and ``days``.
-- Each issue was seen on about a fifth of the days before, with 2 to 14 posts a day; a third as many issues more were
-- seen on other days only.
create temp table issue_days as
select
    issue.number as issue,
    days.day,
    sha256('issue ' || issue.number) as issue_key,
    (row_number() over (partition by days.day order by issue.number) - 1)::integer as cluster_id,
    2 + (hash(issue.number, days.day) % 13)::integer as posts,
    ['ai', 'finance', 'compliance', 'logistics', 'healthtech', 'devtools', 'ecommerce', 'other'][
        1 + (hash(issue.number, 'category') % 8)::integer
    ] as category
from range(($issues * 4 / 3)::bigint) as issue(number)
cross join days
where (days.day = (select max(day) from days) and issue.number < $issues)
   or (days.day < (select max(day) from days) and hash(days.day, issue.number, 'seen') % 100 < 20);

create temp table posts as
select
    issue_days.*,
    post.number as post,
    sha256(concat_ws('/', issue_days.issue, issue_days.day, post.number)) as url_hash,
    ['github', 'stackoverflow', 'reddit', 'hackernews'][
        1 + (hash(issue_days.issue, issue_days.day, post.number) % 4)::integer
    ] as source,
    texts.title,
    texts.body,
    issue_days.day + to_seconds((hash(post.number, issue_days.issue) % 86000)::integer) as created_at,
    (hash(post.number, issue_days.issue, 'votes') % 90)::integer as votes,
    (hash(post.number, issue_days.issue, 'comments') % 30)::integer as comments
from issue_days
cross join range(issue_days.posts) as post(number)
join texts
    on texts.number = (hash(issue_days.issue, issue_days.day, post.number, 'text') % $texts)::bigint;

create temp table placed as
select
    *,
    case source
        when 'github' then 'https://github.com/ledgerly/ledgerly/issues/' || hash(url_hash) % 99999
        when 'stackoverflow' then 'https://stackoverflow.com/questions/' || hash(url_hash) % 999999999 || '/'
            || left(regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g'), 60)
        when 'reddit' then 'https://www.reddit.com/r/smallbusiness/comments/' || left(url_hash, 7) || '/'
            || left(regexp_replace(lower(title), '[^a-z0-9]+', '_', 'g'), 60) || '/'
        else 'https://news.ycombinator.com/item?id=' || hash(url_hash) % 999999999
    end as url,
    left(body, 200) as snippet
from posts;

insert into bronze.raw_items by name
select source, url_hash as source_item_id, url_hash, url, day as collection_date, title, body, created_at,
    comments as comment_count, votes as vote_count, sha256(url_hash) as author_hash, 'en' as language,
    created_at as collected_at
from placed
where day = (select max(day) from days);

insert into bronze.collections by name
select source, collection_date, count(*) as item_count, 0 as rejected_count, 1 as request_count,
    null as partial_reason, max(collected_at) as collected_at
from bronze.raw_items
group by all;

insert into silver.cluster_assignments by name
select day as cluster_date, url_hash, cluster_id, 'core' as membership, 0.5 as centroid_distance, 0.9 as probability,
    snippet, cos(issue) * (1 + issue % 50) / 50 + (hash(url_hash) % 100) / 9000 as map_x,
    sin(issue) * (1 + issue % 50) / 50 + (hash(url_hash, 1) % 100) / 9000 as map_y
from placed
where day = (select max(day) from days);

insert into silver.item_perception by name
select day as collection_date, url_hash, 0.35 as valence, 0.2 as valence_low, 0.6 as valence_high,
    'm' as valence_model, 0.5 as arousal, 0.4 as arousal_low, 0.6 as arousal_high, 'm' as arousal_model,
    0.5 as willingness, 0.3 as willingness_low, 0.7 as willingness_high, 'm' as willingness_model
from placed
where day = (select max(day) from days);

insert into gold.issue_evidence by name
select day as cluster_date, cluster_id, issue_key, url_hash, source, url, title, snippet, created_at,
    votes as vote_count, comments as comment_count, sha256(url_hash) as author_hash, 'core' as membership,
    post < 5 as is_representative
from placed;

insert into gold.issue_quotes by name
select day as cluster_date, cluster_id, issue_key, url_hash, 'body' as field, 0 as quote_start,
    least(length(body), 110) as quote_end, left(body, 110) as quote
from placed
where post < 5;

insert into gold.issues by name
select
    issue_days.day as cluster_date, issue_days.cluster_id, issue_days.issue_key, issue_days.issue_key as
    cluster_fingerprint, issue_days.posts as cluster_size, texts.title as canonical_title, issue_days.category,
    'Users on Reddit, GitHub and Stack Overflow describe the same problem: ' || texts.title
        || '. Several posts mention regressions after an update.' as description,
    false as would_pay_signal, ['low', 'medium', 'high'][1 + issue_days.issue % 3] as impact_level,
    false as label_failed, null as failure_reason, 'embedded/v1' as model, 'v1' as prompt_version, null as reused_from,
    round(20 + (hash(issue_days.issue, issue_days.day) % 70000) / 1000, 3) as impact_score,
    issue_days.day + interval 1 hour as created_at,
    round((hash(issue_days.issue, 1) % 1000) / 1000, 4) as negativity, 0.2714 as negativity_width,
    round((hash(issue_days.issue, 2) % 1000) / 1000, 4) as intensity, 0.1913 as intensity_width,
    round((hash(issue_days.issue, 3) % 1000) / 1000, 4) as willingness, 0.3412 as willingness_width,
    texts.title as model_title, null as title_by, false as muted
from issue_days
join texts
    on texts.number = issue_days.issue % $texts;

insert into gold.issue_lineage by name
select
    day as cluster_date, cluster_id, issue_key,
    if(row_number() over (partition by issue_key order by day) = 1, 'new', 'continues') as relation,
    0.71 as similarity,
    if(row_number() over (partition by issue_key order by day) = 1, [], [issue_key]) as previous_keys
from issue_days;

insert into gold.qa_groups by name
select
    'call ' || call.number as transcript, 'TICK' as ticker, 'event' as event_id,
    date '2025-03-01' + call.number::integer as call_date, 1 + exchange.number as qa_group_id, 'Dana Whitfield' as analyst,
    'Cordova & Co' as firm, ['Robert Finn'] as executives, texts.body as question_text,
    texts.body || ' ' || texts.body as answer_text, 2 as question_count, 0.9 as confidence, 'rule_detection' as method,
    exchange.number as first_block_id, exchange.number as last_block_id, 1 as block_count
from range(100) as call(number)
cross join range(20) as exchange(number)
join texts
    on texts.number = (hash(call.number, exchange.number) % $texts)::bigint;

insert into silver.transcript_qa by name
select transcript, any_value(ticker) as ticker, any_value(event_id) as event_id, 0 as position, 'f' as filename,
    1 as section_id, 's' as section_name, 'Investor Q&A' as section_type, 1 as section_type_confidence,
    'm' as section_type_method, 1 as speaker_block_id, 1 as paragraph_id, 'p' as speaker,
    '' as question_answer_flag, '' as paragraph_content
from gold.qa_groups
group by transcript;
