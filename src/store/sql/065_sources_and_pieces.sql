-- Where a key was imported from: `lp:NAME` or `gh:NAME`; empty: somebody gave it.
alter table ssh_keys add column source text not null default ''
  constraint ssh_keys_source_grammar check (source ~ '^((lp|gh):[A-Za-z0-9][A-Za-z0-9+.-]{0,63})?$');

-- Pieces of files of images that come by the MAAS API: each may come to another region node, so they wait here until the last one has come. Then the node that
-- took it puts them together on its disk, and they go.
create table image_pieces (
  image text not null,
  file text not null,
  first_byte bigint not null,
  content bytea not null,
  at timestamptz not null default now(),
  primary key (image, file, first_byte),
  constraint image_pieces_file foreign key (image, file) references image_files (image, name) on delete cascade,
  constraint image_pieces_first_byte_range check (first_byte >= 0),
  constraint image_pieces_content_length check (length(content) between 1 and 67108864)
);
-- They are packed already.
alter table image_pieces alter column content set storage external;
