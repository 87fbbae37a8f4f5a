-- What each compile found, also after later ones have found otherwise. A compile has a row when it took in changes, or found other things than the one before.
-- The first compile of a change is the first one whose revision is not below it.
create table compiles (
  id bigint generated always as identity primary key,
  revision bigint not null,
  -- What was compiled before it: it took in the changes above this one.
  after_revision bigint not null,
  at timestamptz not null default now()
);
create index compiles_by_revision on compiles (revision, id);

-- A finding, from the first compile that told it to the first one that did not; null: it stands. Its node may be gone by now.
create table compile_findings (
  id bigint generated always as identity primary key,
  node_id text not null,
  node_name text not null,
  service text not null,
  finding jsonb not null,
  digest text not null,
  since timestamptz not null,
  first_compile bigint not null,
  until_compile bigint
);
create index compile_findings_standing on compile_findings (digest) where until_compile is null;
create index compile_findings_ended on compile_findings (until_compile) where until_compile is not null;
create index compile_findings_span on compile_findings using gist (int8range(first_compile, until_compile));

-- What a node's checkers said of a publication that they did not take whole. It goes with the publication.
create table refusals (
  node_id text not null,
  generation bigint not null,
  service text not null,
  state text not null,
  why text not null,
  held jsonb not null,
  at timestamptz not null default now(),
  primary key (node_id, generation, service),
  constraint refusals_publication foreign key (node_id, generation) references publications (node_id, generation) on delete cascade
);
