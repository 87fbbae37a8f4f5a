-- Files that tools of a user keep here, such as what Juju notes about its controllers. No configuration of services: no history trigger, no part of the snapshot.

-- `key`: whoever knows it may read the file.
create table files (
  id int generated always as identity primary key,
  owner text not null,
  name text not null,
  key text not null,
  content bytea not null,
  updated_at timestamptz not null default now(),
  constraint files_owner foreign key (owner) references users (name) on delete cascade,
  constraint files_name_grammar check (length(name) between 1 and 255 and name !~ '[[:cntrl:]]'),
  constraint files_key_grammar check (key ~ '^[0-9a-f]{32}$'),
  constraint files_content_size check (length(content) <= 3145728),
  constraint files_once unique (owner, name),
  constraint files_key_unique unique (key)
);
