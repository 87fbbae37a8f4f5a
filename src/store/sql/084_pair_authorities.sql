-- By whose signatures a rack's partner knows its DHCP server: one certificate for each rack, a new one after a certificate of the rack was revoked.
-- `is_able`: the rack holds a certificate that was signed by its name, so its pairs speak TLS; until it reports a release that has none.
create table pair_authorities (
  node_id text primary key references nodes (id) on delete cascade,
  name text not null,
  certificate text not null,
  is_able boolean not null default false,
  signed_at timestamptz not null default now(),
  constraint pair_authorities_name_unique unique (name)
);
