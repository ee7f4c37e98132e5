-- The input that the partition in the table was computed from; no row when it was never finished.
select input_hash
from ops.partition_inputs
where table_name = $table_name
  and partition_key = $partition_key
