-- Addresses of the cluster's own are nobody else's: what nodes have, what they report to have, and the floating address. Machines, reservations,
-- dynamic ranges and gateways are judged beside them, and they beside those, whoever writes (a change taken back, a join, a seed). A gateway may be
-- a node, which routes then; the floating address is no gateway. Rows from before stay: they can be changed in everything else, DHCP gives none of
-- the cluster's own addresses out, and findings of the service dhcp name both owners.

-- What each node reports to have, kept apart from its facts: a look into all facts per claim would make bulk changes slow.
create table reported_addresses (
  node_id text not null,
  address inet not null,
  primary key (node_id, address),
  constraint reported_addresses_node foreign key (node_id) references nodes (id) on delete cascade
);
create index reported_addresses_by_address on reported_addresses (address);

create function addresses_in_facts(facts jsonb) returns setof inet language sql immutable as $$
  select distinct host(reported::inet)::inet
    from (select value #>> '{}' as reported from jsonb_path_query(facts, '$.interfaces[*].addresses[*]') as value) as texts
    where case when pg_input_is_valid(reported, 'inet') then true else false end
$$;

create function keep_reported_addresses() returns trigger language plpgsql as $$
begin
  delete from reported_addresses where node_id = new.node_id and address not in (select addresses_in_facts(new.facts));
  insert into reported_addresses select new.node_id, a from addresses_in_facts(new.facts) as a on conflict do nothing;
  return null;
end $$;
create trigger keep_reported_addresses after insert on node_observations
  for each row execute function keep_reported_addresses();
create trigger keep_reported_addresses_set after update of facts on node_observations
  for each row when (old.facts -> 'interfaces' is distinct from new.facts -> 'interfaces') execute function keep_reported_addresses();
insert into reported_addresses select node_id, a from node_observations, addresses_in_facts(facts) as a;

-- The floating address is no address of the node that holds it, though that reports it. A node's address may stand here twice.
create view own_addresses as
  with floating as (select host(vip)::inet as address from cluster where vip is not null)
  select address, null as node_id, 'the floating address of the cluster' as words from floating
  union all
  select a, n.id, format('an address of the node %s', n.name) from nodes n, unnest(n.addresses) as a
  union all
  select r.address, n.id, format('an address of the node %s', n.name) from reported_addresses r join nodes n on n.id = r.node_id
    where r.address not in (select address from floating);

-- Whoever claims an address holds its subnet; so does whoever gives a node or the cluster one (below). Of two rivals the second sees the first.
create function check_no_own_address() returns trigger language plpgsql as $$
declare
  row jsonb := to_jsonb(new);
  span inetrange;
  own own_addresses;
begin
  span := case tg_table_name
    when 'ip_ranges' then
      case when row ->> 'kind' = 'dynamic' then inetrange((row ->> 'first')::inet, (row ->> 'last')::inet, '[]') end
    when 'subnets' then inetrange((row ->> 'gateway')::inet, (row ->> 'gateway')::inet, '[]')
    else inetrange((row ->> 'address')::inet, (row ->> 'address')::inet, '[]')
  end;
  select * into own from own_addresses
    where address between lower(span) and upper(span) and (node_id is null or tg_table_name <> 'subnets') order by address, node_id limit 1;
  if found then
    perform refuse('own_addresses_alone', format('%s is %s', host(own.address), own.words));
  end if;
  return null;
end $$;
create trigger no_own_address after insert on interface_addresses
  for each row execute function check_no_own_address();
create trigger no_own_address_set after update of address on interface_addresses
  for each row when (old.address <> new.address) execute function check_no_own_address();
create trigger no_own_address after insert on reservations
  for each row execute function check_no_own_address();
create trigger no_own_address_set after update of address on reservations
  for each row when (old.address <> new.address) execute function check_no_own_address();
create trigger no_own_address after insert on ip_ranges
  for each row when (new.kind = 'dynamic') execute function check_no_own_address();
create trigger no_own_address_set after update of kind, first, last on ip_ranges
  for each row when (new.kind = 'dynamic' and (old.kind, old.first, old.last) is distinct from (new.kind, new.first, new.last))
  execute function check_no_own_address();
create trigger no_own_address after insert on subnets
  for each row when (new.gateway is not null) execute function check_no_own_address();
create trigger no_own_address_set after update of gateway on subnets
  for each row when (new.gateway is not null and old.gateway is distinct from new.gateway) execute function check_no_own_address();

-- Who has one of these addresses, as `address` and words; `is_floating`: as the cluster's, which no gateway and no node may have either.
create function users_of_addresses(addresses inet[], is_floating boolean) returns table (address inet, words text) language sql stable as $$
  select w, claim_words(c) from unnest(addresses) as w join address_claims c on c.span @> w
    where c.source <> 'subnets' or is_floating
  union all
  select w, format('%s, an address of the node %s', host(w), n.name) from unnest(addresses) as w join nodes n on w = any (n.addresses)
    where is_floating
  order by 1
$$;

create function check_own_address_free() returns trigger language plpgsql as $$
declare
  row jsonb := to_jsonb(new);
  wanted inet[];
  rival record;
begin
  if tg_table_name = 'cluster' then
    wanted := array[host((row ->> 'vip')::inet)::inet];
  else
    select array_agg(a) into wanted from (
      select value::inet as a from jsonb_array_elements_text(row -> 'addresses') as t (value)
      except select value::inet from jsonb_array_elements_text(case when tg_op = 'UPDATE' then to_jsonb(old) -> 'addresses' else '[]' end) as t (value)
    ) as fresh;
    select a as address into rival from unnest(wanted) as a where a in (select host(vip)::inet from cluster) limit 1;
    if found then
      perform refuse('own_addresses_alone', format('%s is the floating address of the cluster', host(rival.address)));
    end if;
  end if;
  perform from subnets where exists (select from unnest(wanted) as a where a <<= cidr) order by id for no key update;
  select * into rival from users_of_addresses(wanted, tg_table_name = 'cluster') limit 1;
  if found then
    perform refuse('own_addresses_alone', format('%s collides with %s', host(rival.address), rival.words));
  end if;
  return null;
end $$;
create trigger own_address_free after insert on nodes
  for each row execute function check_own_address_free();
create trigger own_address_free_set after update of addresses on nodes
  for each row when (old.addresses <> new.addresses) execute function check_own_address_free();
create trigger own_address_free after insert on cluster
  for each row when (new.vip is not null) execute function check_own_address_free();
create trigger own_address_free_set after update of vip on cluster
  for each row when (new.vip is not null and old.vip is distinct from new.vip) execute function check_own_address_free();
