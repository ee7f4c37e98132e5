-- The items of a day's clusters. An item that two sources share counts once, under the source that sorts first,
-- as it did when it was clustered. Noise is left out, but for what a person made an issue of its own.
select
    assignment.cluster_id,
    assignment.membership,
    assignment.centroid_distance,
    assignment.snippet,
    item.url_hash,
    item.source,
    item.url,
    item.title,
    item.created_at,
    item.vote_count,
    item.comment_count,
    item.author_hash,
    -- Quotes are of the whole body: a change behind the snippet is a change, too.
    md5(item.body) as body_md5,
    perception.valence,
    perception.valence_low,
    perception.valence_high,
    perception.arousal,
    perception.arousal_low,
    perception.arousal_high,
    perception.willingness,
    perception.willingness_low,
    perception.willingness_high
from silver.cluster_assignments as assignment
join bronze.raw_items as item
    on item.url_hash = assignment.url_hash
   and item.collection_date = assignment.cluster_date
left join silver.item_perception as perception
    on perception.url_hash = assignment.url_hash
   and perception.collection_date = assignment.cluster_date
where assignment.cluster_date = $day
  and (
      assignment.cluster_id >= 0
      or assignment.url_hash in (select unnest(url_hashes) from ops.issue_edits where kind = 'split')
  )
qualify row_number() over (partition by item.url_hash order by item.source, item.source_item_id) = 1
order by assignment.cluster_id, item.url_hash
