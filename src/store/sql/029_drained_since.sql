-- Since when a node is drained. It counts only while `is_drained` holds: an earlier release sets that alone.
alter table nodes add column drained_at timestamptz;
