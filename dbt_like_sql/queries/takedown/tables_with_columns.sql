-- Tables of the warehouse that have all of the columns: the schema itself says where rows about items stand.
select schema_name || '.' || table_name as table_name
from duckdb_columns()
join duckdb_tables() using (database_name, schema_name, table_name)
where database_name = current_database()
  and schema_name in ('bronze', 'silver', 'gold', 'ops')
  and column_name in (select unnest($columns::varchar[]))
group by all
having count(*) = len($columns::varchar[])
order by table_name
