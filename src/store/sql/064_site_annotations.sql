-- What people and tools say of the site as a whole, beside the annotations of its objects: without any effect. No configuration of services: no history trigger, no
-- part of the snapshot.

-- One row at most.
create table site_annotations (
  id int primary key,
  texts jsonb not null default '{}',
  updated_at timestamptz not null default now(),
  constraint site_annotations_once check (id = 1),
  constraint site_annotations_texts_size check (length(texts::text) <= 16384)
);
