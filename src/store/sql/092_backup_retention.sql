-- Full backups stay so many days; null: so many of them (`retain_full`), whatever their age. `quota_mb`: so much may be in the store; null: no limit.
alter table backup_target add column retain_days int constraint backup_target_retain_days check (retain_days between 1 and 3650);
alter table backup_target add column quota_mb int constraint backup_target_quota_mb check (quota_mb between 100 and 1000000000);
