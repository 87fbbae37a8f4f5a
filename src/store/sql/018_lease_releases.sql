-- Leases that were given up: an operator asked for their end (`is_asked`), or their address was a machine's or reserved and is not any more.
-- Observations beside leases: no history, no revision. A row means the lease as it was then: one that began or was renewed later than `before`, or that
-- is another client's, is not meant.
create table lease_releases (
  address inet primary key,
  mac text,
  client_id text,
  before timestamptz not null,
  is_asked boolean not null,
  at timestamptz not null default now(),
  constraint lease_releases_host check (masklen(address) = case family(address) when 4 then 32 else 128 end)
);
create index lease_releases_by_age on lease_releases (at);

-- Whoever takes a static lease away (a use case, a change taken back): the next owner of the address need not wait for the end of its lease.
create function give_lease_up() returns trigger language plpgsql as $$
begin
  insert into lease_releases (address, mac, client_id, before, is_asked)
    select t.address, t.mac, t.client_id, now(), false from leases t
    where t.address = old.address and t.state = 'active' and not exists (
      select from leases o where o.address = t.address and o.node_id <> t.node_id and (o.starts_at, o.node_id) > (t.starts_at, t.node_id))
  on conflict (address) do update set mac = excluded.mac, client_id = excluded.client_id, before = excluded.before, at = now(),
    is_asked = lease_releases.is_asked and lease_releases.mac is not distinct from excluded.mac;
  return null;
end $$;
create trigger give_lease_up after delete on interface_addresses
  for each row execute function give_lease_up();
create trigger give_lease_up_set after update of address on interface_addresses
  for each row when (old.address <> new.address) execute function give_lease_up();
create trigger give_lease_up after delete on reservations
  for each row execute function give_lease_up();
create trigger give_lease_up_set after update of address on reservations
  for each row when (old.address <> new.address) execute function give_lease_up();
