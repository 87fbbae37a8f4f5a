-- Published bodies as parts by digest: equal content is stored once, for all nodes and generations (src/contract/wire/body-parts.ts).

-- `names`: parts that this one names. A row that no generation reaches is purged.
create table body_parts (
  digest bytea primary key,
  content json not null,
  names bytea[] not null default '{}',
  constraint body_parts_digest_length check (length(digest) = 32)
);

-- A body stands in its row whole, as earlier releases read it, or by the root of its parts.
alter table desired add column root bytea constraint desired_root references body_parts (digest);
alter table publications add column root bytea constraint publications_root references body_parts (digest);
create index publications_by_root on publications (root);
alter table desired alter column body drop not null;
alter table publications alter column body drop not null;
alter table desired add constraint desired_has_body check (body is not null or root is not null);
alter table publications add constraint publications_has_body check (body is not null or root is not null);
