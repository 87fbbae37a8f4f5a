-- What the root of a deployable image is: files (tar) or a disk (raw), how it is compressed, and whether cloud-init is in it. `unpacked`: bytes, when somebody has
-- unpacked it.
alter table images add column format text constraint images_format_known check (format in ('tar', 'raw'));
alter table images add column compression text constraint images_compression_known check (compression in ('none', 'gz', 'xz', 'zst'));
alter table images add column cloud_init boolean;
alter table images add column unpacked bigint constraint images_unpacked_range check (unpacked > 0);
create index images_by_name on images (name, architecture, created_at);
-- When some region nodes first had all of its files between them. From then on a newer image of a name replaces the older ones; one that never comes so far goes.
alter table images add column whole_at timestamptz;
