-- Whether an item that stays uses the wording, in lower case.
select exists (
    select 1
    from bronze.raw_items
    where url_hash not in (select unnest($url_hashes::varchar[]))
      and (contains(lower(title), $wording) or contains(lower(body), $wording))
) as said
