-- Publications are kept as long as changes are, within a bound, so that a change's page has its files. Which parts are in use is noted at each purge for the
-- newest publications only; looking through all of them would hold publishers up for minutes.
alter table body_parts add column named_at timestamptz not null default now();
create index body_parts_by_named_at on body_parts (named_at);
create index publications_by_published_at on publications (published_at);
create index publications_by_revision on publications (revision);
