-- Where a day's items lie on its map.
select cluster_id, membership, map_x, map_y, probability, snippet
from silver.cluster_assignments
where cluster_date = $day
order by url_hash
