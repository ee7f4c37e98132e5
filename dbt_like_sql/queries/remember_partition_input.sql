-- Note what a partition was computed from, in the transaction that wrote it.
merge into ops.partition_inputs as known
using (select $table_name as table_name, $partition_key as partition_key, $input_hash as input_hash) as made
    on known.table_name = made.table_name and known.partition_key = made.partition_key
when matched then update set input_hash = made.input_hash, finished_at = now()::timestamp
when not matched then insert (table_name, partition_key, input_hash, finished_at)
    values (made.table_name, made.partition_key, made.input_hash, now()::timestamp)
