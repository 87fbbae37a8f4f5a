-- Images that machines boot, and where their files are. No configuration of services: no history trigger, no part of the snapshot. The files themselves
-- lie on the disks of the region nodes.

-- `digest`: SHA-256 of the manifest, which has the digests of the files, so an image never changes. `is_default`: machines of its architecture commission by it.
create table images (
  digest text primary key,
  name text not null,
  kind text not null,
  architecture text not null,
  kernel text not null,
  manifest text not null,
  is_default boolean not null default false,
  created_by text not null,
  created_at timestamptz not null default now(),
  constraint images_digest_grammar check (digest ~ '^[0-9a-f]{64}$'),
  constraint images_name_grammar check (name ~ '^[a-z0-9][a-z0-9._/-]{0,60}$'),
  constraint images_kind_known check (kind in ('micro', 'ephemeral', 'deployable')),
  constraint images_architecture_known check (architecture in ('amd64', 'arm64')),
  constraint images_manifest_length check (length(manifest) <= 65536)
);
create unique index images_one_default on images (architecture) where is_default;

create table image_files (
  image text not null,
  name text not null,
  size bigint not null,
  sha256 text not null,
  primary key (image, name),
  constraint image_files_image foreign key (image) references images (digest) on delete cascade,
  constraint image_files_name_grammar check (name ~ '^[a-z0-9][a-z0-9._-]{0,60}$'),
  constraint image_files_size_range check (size > 0),
  constraint image_files_sha256_grammar check (sha256 ~ '^[0-9a-f]{64}$')
);

-- What each region node has of them, by its own word. No row: the node has not looked yet.
create table image_places (
  node_id text not null,
  image text not null,
  file text not null,
  state text not null,
  since timestamptz not null default now(),
  primary key (node_id, image, file),
  constraint image_places_node foreign key (node_id) references nodes (id) on delete cascade,
  constraint image_places_file foreign key (image, file) references image_files (image, name) on delete cascade,
  constraint image_places_state_known check (state in ('there', 'missing', 'damaged', 'fetching'))
);
create index image_places_by_file on image_places (image, file);
