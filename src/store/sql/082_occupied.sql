-- What is in use is nobody else's: the network and the existence of a machine whose own system runs, the addresses that such a system still has although
-- its record changed, the addresses that the configuration itself names, and the machines of a user.

-- Rows from before stay as they are. No configuration: no history trigger, no part of the snapshot, no revision.

-- States in which the system that somebody deployed runs on a machine, or is about to. Null: none does.
create function running_system(of_machine text) returns text language sql stable as $$
  select case when state = 'deployed' then 'deployed' when state = 'deploying' then 'being deployed'
      when state = 'releasing' then 'being released' when state = 'disk-erasing' then 'being erased' else format('%s, and was deployed before', state) end
    from machine_states where machine_id = of_machine and (state in ('deployed', 'deploying', 'releasing', 'disk-erasing')
      or (before = 'deployed' and state in ('testing', 'failed-testing', 'broken', 'entering-rescue-mode', 'failed-entering-rescue-mode', 'rescue-mode',
        'exiting-rescue-mode', 'failed-exiting-rescue-mode')))
$$;

-- Did somebody say that it is to be all the same? For this transaction.
create function is_forced() returns boolean language sql stable as $$
  select coalesce(current_setting('regent.forced', true), '') = 'yes'
$$;

-- A release takes what the deployment gave, so the network of a machine on its way out is free to go.
create function keep_running_network() returns trigger language plpgsql as $$
declare
  changed jsonb := case when tg_op = 'INSERT' then to_jsonb(new) else to_jsonb(old) end;
  owner machines;
  why text;
begin
  if is_forced() then
    return null;
  end if;
  select m.* into owner from machines m where m.id = coalesce(changed ->> 'machine_id',
    (select machine_id from interfaces where id = (changed ->> 'interface_id')::int));
  why := running_system(owner.id);
  -- A deployment gives addresses when it begins.
  if why is null or why in ('being released', 'being erased') or (tg_op = 'INSERT' and why = 'being deployed') then
    return null;
  end if;
  perform refuse('machines_running_network', format('The machine %s is %s', owner.hostname, why));
  return null;
end $$;
create trigger keep_running_network after insert or delete on interface_addresses
  for each row execute function keep_running_network();
create trigger keep_running_network_set after update on interface_addresses
  for each row when ((old.interface_id, old.subnet_id, old.address, old.is_gateway) is distinct from (new.interface_id, new.subnet_id, new.address, new.is_gateway))
  execute function keep_running_network();
create trigger keep_running_network after insert or delete on interface_links
  for each row execute function keep_running_network();
create trigger keep_running_network after delete on interfaces
  for each row execute function keep_running_network();
-- A card of which nobody knew the VLAN gets it from what its machine reports.
create trigger keep_running_network_set after update on interfaces
  for each row when (old.kind <> new.kind or (old.vlan_id is not null and old.vlan_id is distinct from new.vlan_id))
  execute function keep_running_network();

create function keep_running_machine() returns trigger language plpgsql as $$
declare
  why text := running_system(old.id);
begin
  -- Tools delete what they release without a wait; its addresses stay occupied.
  if why is not null and why <> 'being released' and not is_forced() then
    perform refuse('machines_running', format('The machine %s is %s', old.hostname, why));
  end if;
  return old;
end $$;
create trigger keep_running_machine before delete on machines for each row execute function keep_running_machine();

-- Addresses that a machine's system still has, although its record does not: `machine_id` may be of a machine that was deleted. Only that machine, or
-- one with a MAC address of it, may have them meanwhile.
create table held_addresses (
  address inet primary key,
  machine_id text not null,
  machine text not null,
  macs text[] not null default '{}',
  since timestamptz not null default clock_timestamp()
);
create index held_addresses_by_machine on held_addresses (machine_id);

-- Has its system ever had what its record says? Of a machine that was not deployed, and of one that was seen off while nobody's system is to run, no.
create function is_maybe_running(of_machine text) returns boolean language sql stable as $$
  select running_system(of_machine) is not null and running_system(of_machine) <> 'being deployed'
    or exists (select from machine_states s left join machine_power p using (machine_id) where s.machine_id = of_machine and coalesce(p.state, '') <> 'off'
      and (s.state in ('deploying', 'failed-deployment', 'failed-releasing', 'failed-disk-erasing')
        or (s.state = 'broken' and s.before in ('deploying', 'failed-deployment', 'releasing', 'failed-releasing', 'disk-erasing', 'failed-disk-erasing'))))
$$;

create function hold_address() returns trigger language plpgsql as $$
declare
  owner record;
begin
  select m.id, m.hostname || '.' || d.name as fqdn, array(select mac from interfaces where machine_id = m.id order by mac) as macs into owner
    from interfaces i join machines m on m.id = i.machine_id join domains d on d.id = m.domain_id where i.id = old.interface_id;
  if owner.id is not null and is_maybe_running(owner.id) then
    insert into held_addresses as h (address, machine_id, machine, macs) values (old.address, owner.id, owner.fqdn, owner.macs)
      on conflict (address) do update set machine_id = excluded.machine_id, machine = excluded.machine, macs = excluded.macs, since = excluded.since;
  end if;
  return null;
end $$;
create trigger hold_address after delete on interface_addresses for each row execute function hold_address();
create trigger hold_address_set after update of address on interface_addresses
  for each row when (old.address <> new.address) execute function hold_address();

-- Whoever claims an address holds its subnet, as in claim_addresses().
create function check_not_held() returns trigger language plpgsql as $$
declare
  row jsonb := to_jsonb(new);
  span inetrange;
  held held_addresses;
  own record;
begin
  span := case tg_table_name
    when 'ip_ranges' then inetrange((row ->> 'first')::inet, (row ->> 'last')::inet, '[]')
    else inetrange((row ->> 'address')::inet, (row ->> 'address')::inet, '[]')
  end;
  select * into held from held_addresses where address between lower(span) and upper(span) order by address limit 1;
  if not found then
    return null;
  end if;
  if tg_table_name = 'interface_addresses' then
    select i.machine_id, i.mac into own from interfaces i where i.id = (row ->> 'interface_id')::int;
    if own.machine_id = held.machine_id or own.mac = any (held.macs) then
      delete from held_addresses where address = held.address;
      return null;
    end if;
  elsif tg_table_name = 'reservations' and row ->> 'mac' = any (held.macs) then
    return null;
  end if;
  perform refuse('held_addresses_alone', format('%s is still an address of the system on %s', host(held.address), held.machine));
  return null;
end $$;
create trigger not_held after insert on interface_addresses for each row execute function check_not_held();
create trigger not_held_set after update of address on interface_addresses
  for each row when (old.address <> new.address) execute function check_not_held();
create trigger not_held after insert on reservations for each row execute function check_not_held();
create trigger not_held_set after update of address, mac on reservations
  for each row when ((old.address, old.mac) is distinct from (new.address, new.mac)) execute function check_not_held();
create trigger not_held after insert on ip_ranges for each row when (new.kind = 'dynamic') execute function check_not_held();
create trigger not_held_set after update of kind, first, last on ip_ranges
  for each row when (new.kind = 'dynamic' and (old.kind, old.first, old.last) is distinct from (new.kind, new.first, new.last))
  execute function check_not_held();

-- What ends it: the machine was released, or has another system; its BMC reports that it is off, and nobody's system is to run on it; it boots from the
-- network as a machine that nobody knows.
create function end_hold_by_state() returns trigger language plpgsql as $$
begin
  delete from held_addresses where machine_id = new.machine_id;
  return null;
end $$;
create trigger end_hold after update of state on machine_states
  for each row when (old.state <> new.state and (new.state in ('ready', 'new') or (new.state = 'deployed' and old.state = 'deploying')))
  execute function end_hold_by_state();
create function end_hold_by_power() returns trigger language plpgsql as $$
begin
  if coalesce(running_system(new.machine_id), 'being released') in ('being released', 'being erased') then
    delete from held_addresses where machine_id = new.machine_id and since < coalesce(new.at, clock_timestamp());
  end if;
  return null;
end $$;
create trigger end_hold after insert or update on machine_power for each row when (new.state = 'off') execute function end_hold_by_power();
create function end_hold_by_enlistment() returns trigger language plpgsql as $$
begin
  delete from held_addresses where new.mac = any (macs);
  return null;
end $$;
create trigger end_hold after insert on machine_enlistments for each row execute function end_hold_by_enlistment();

-- Addresses that the configuration itself names are in use, though nothing here has them: automatic choice leaves them out. Who has such a host as a
-- machine, a device or a reserved address names the address.
create function bmc_address(parameters jsonb) returns inet language sql immutable as $$
  select case when pg_input_is_valid(parameters ->> 'power_address', 'inet') then host((parameters ->> 'power_address')::inet)::inet end
$$;
create index bmcs_by_address on bmcs (bmc_address(parameters));

-- Addresses in a text, such as a URL, an option or a list; one with a prefix length is a network's.
create function addresses_in_text(given text) returns setof inet language sql immutable as $$
  select distinct value::inet from (
    select (regexp_matches(given, '(?:^|[^0-9a-zA-Z:.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?![0-9a-zA-Z./])', 'g'))[1] as value
    union all
    select (regexp_matches(given, '(?:^|[^0-9a-zA-Z:.])([0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F:.]*)(?![0-9a-zA-Z:./])', 'g'))[1]
  ) as found where case when pg_input_is_valid(value, 'inet') then family(value::inet) = 4 or value <> '::' else false end
$$;

create function named_addresses(network inet) returns table (address inet, words text) language sql stable as $$
  with bounds as (select host(network(network))::inet as first, host(broadcast(network))::inet as last)
  select a, w from (
    select a, format('a resolver of the subnet %s', cidr) as w from subnets, unnest(resolvers) as a
    union all
    select boot_server, format('the boot server of the subnet %s', cidr) from subnets where boot_server is not null
    union all
    select a, format('in a DHCP option of the subnet %s', cidr) from subnets, unnest(dhcp_options) as o, addresses_in_text(o) as a
    union all
    select gateway::inet, format('the gateway of the static route %s', name) from static_routes where pg_input_is_valid(gateway, 'inet')
    union all
    select a, format('in the setting %s', name) from settings, addresses_in_text(value::text) as a where name <> 'dns_trusted_acl'
    union all
    select a, format('a name server that copies %s', name) from domains, unnest(transfer_to) as a
    union all
    select a, format('a name server of %s', name) from domains, unnest(forward_to) as f, addresses_in_text(replace(replace(regexp_replace(f, '^([0-9.]+):[0-9]+$', '\1'), '[', ' '), ']', ' ')) as a
    union all
    select a, format('in the DHCP snippet %s', name) from dhcp_snippets, addresses_in_text(text) as a where enabled
  ) as named (a, w), bounds where a between first and last
  union all
  select bmc_address(parameters), format('the address of the BMC %s', name) from bmcs, bounds where bmc_address(parameters) between first and last
$$;

-- DHCP may be on without a range: tools that change a range delete it first. Nobody is given an address meanwhile, and a finding says so. Switching
-- DHCP on still needs a range.
create or replace function keep_vlan_served() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'vlans' then
    perform check_vlan_has_range(new.id);
  end if;
  return null;
end $$;

-- A machine is nobody's only when nobody took it: a user with machines is not deleted before they are another's.
create function keep_owner() returns trigger language plpgsql as $$
declare
  names text;
begin
  select string_agg(hostname, ', ' order by hostname) into names from (
    select m.hostname from machine_states s join machines m on m.id = s.machine_id where s.owner = old.name order by m.hostname limit 10) as owned;
  if names is not null then
    perform refuse('users_have_machines', format('%s has %s', old.name, names));
  end if;
  return old;
end $$;
create trigger keep_owner before delete on users for each row execute function keep_owner();

-- What answered on the wire when an automatic address was about to be given. `mac` null: nothing did.
create table probed_addresses (
  address inet primary key,
  mac text,
  node_id text,
  at timestamptz not null default clock_timestamp()
);
create index probed_addresses_by_time on probed_addresses (at);
