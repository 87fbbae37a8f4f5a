-- Leases: what DHCP gave out, as the racks' agents read it from their servers. Observations: no history, no revision.

-- A number for what compilers see beside configuration, such as the names of leases: raised in the transaction that changes it. Of two
-- snapshots, one is older by revision or by this number, never by one of them and newer by the other.
alter table counters add column observed bigint not null default 0;
alter table desired add column compiled_observed bigint not null default 0;

-- One row per node and address: the last lease of the address. `subnet_id` is what the server knew it as: the subnet may be gone by
-- now, and its addresses may belong to another. `hostname`: as the client gave it, '' for none. `named_since`: since when this client
-- has had the address under this name without a break.
create table leases (
  node_id text not null,
  address inet not null,
  subnet_id int not null,
  mac text,
  client_id text,
  hostname text not null default '',
  state text not null,
  starts_at timestamptz not null,
  expires_at timestamptz not null,
  named_since timestamptz not null default now(),
  reported_at timestamptz not null default now(),
  primary key (node_id, address),
  constraint leases_node foreign key (node_id) references nodes (id) on delete cascade,
  constraint leases_host check (masklen(address) = case family(address) when 4 then 32 else 128 end),
  constraint leases_state_known check (state in ('active', 'declined', 'expired')),
  constraint leases_mac_grammar check (length(mac) <= 59 and mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2})*$'),
  constraint leases_client_id_grammar check (length(client_id) <= 764 and client_id ~ '^[0-9a-f]{2}(:[0-9a-f]{2})*$'),
  constraint leases_hostname_grammar check (length(hostname) <= 255 and hostname !~ '[[:cntrl:]]')
);
create index leases_by_address on leases (address);
create index leases_by_mac on leases (mac);
create index leases_by_expiry on leases (expires_at) where state <> 'expired';

-- How far a node's reports have come: within one epoch of its agent they are numbered from 1 without gaps.
create table lease_reports (
  node_id text primary key,
  epoch text not null,
  sequence bigint not null,
  reported_at timestamptz not null default now(),
  constraint lease_reports_node foreign key (node_id) references nodes (id) on delete cascade
);
