-- Thousands of machines in one transaction: the same rules by fewer and shorter statements. A plan that uses an index by its key is stored, however
-- empty statistics say that a table is.

-- No configuration: no history trigger, no part of the snapshot, no revision.

-- A PL/pgSQL function has stored plans; one in SQL is planned at each call.
create or replace function running_system(of_machine text) returns text language plpgsql stable set enable_seqscan = off as $$
declare
  now_in text;
  was_in text;
begin
  select state, before into now_in, was_in from machine_states where machine_id = of_machine;
  return case
    when now_in = 'deployed' then 'deployed'
    when now_in = 'deploying' then 'being deployed'
    when now_in = 'releasing' then 'being released'
    when now_in = 'disk-erasing' then 'being erased'
    when was_in = 'deployed' and now_in in ('testing', 'failed-testing', 'broken', 'entering-rescue-mode', 'failed-entering-rescue-mode', 'rescue-mode',
      'exiting-rescue-mode', 'failed-exiting-rescue-mode') then format('%s, and was deployed before', now_in)
  end;
end $$;

create or replace function claim_names(src text, sid text) returns void language plpgsql
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  delete from name_claims c
    where c.source = src and c.source_id = sid and c.fqdn <> all (array(select n.fqdn from names_of(src, sid) n));
  insert into name_claims as c (source, source_id, fqdn, kind, zone)
    select src, sid, n.fqdn, n.kind, n.zone from names_of(src, sid) n
    on conflict (source, source_id, fqdn) do update set kind = excluded.kind, zone = excluded.zone
    where (c.kind, c.zone) is distinct from (excluded.kind, excluded.zone);
end $$;

-- Does a machine have its own name alone, and at most so many interfaces? The first interface has the machine's name.
create function has_one_name(machine text, most int) returns boolean language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return (select count(*) from interfaces where machine_id = machine) <= most
    and (select count(*) from name_claims where source = 'machines' and source_id = machine) = 1;
end $$;

create or replace function keep_name_claims() returns trigger language plpgsql as $$
declare
  source text := tg_table_name;
  was jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  is_now jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  own_id text := coalesce(is_now, was) ->> 'id';
begin
  -- Of two that come at once the second sees what the first one has written. Taken before the site's counters are, by every release.
  perform pg_advisory_xact_lock(5240003);
  case tg_table_name
    when 'interfaces' then
      -- The only interface of a machine comes and goes without a name of its own.
      if tg_op = 'UPDATE' or not has_one_name(coalesce(is_now, was) ->> 'machine_id', case tg_op when 'INSERT' then 1 else 0 end) then
        perform claim_names('machines', machine) from (
          select distinct x as machine from unnest(array[was ->> 'machine_id', is_now ->> 'machine_id']) as x where x is not null) as machines;
      end if;
      perform claim_names('reservations', r.id::text) from reservations r
        where r.hostname is not null and r.mac in (was ->> 'mac', is_now ->> 'mac');
    when 'settings' then
      perform claim_names('nodes', n.id) from nodes n;
      perform claim_names('reservations', r.id::text) from reservations r where r.hostname is not null;
    when 'domains' then
      perform claim_names('domains', own_id);
      if tg_op = 'UPDATE' then
        perform claim_names('records', r.id::text) from records r where r.domain_id = own_id::int;
        perform claim_names('machines', m.id) from machines m where m.domain_id = own_id::int;
      end if;
    else
      if tg_op = 'INSERT' then
        perform claim_new_names(source, own_id);
      else
        perform claim_names(source, own_id);
      end if;
  end case;
  return null;
end $$;

-- By the key of each machine: a join with the changed rows reads all machines where statistics know of none.
create or replace function touch_tagged_machines() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  -- In the order of their ids: two such changes at once wait for each other.
  perform from machines where id = any (array(select machine_id from changed)) order by id for no key update;
  update machines set version = version + 1, updated_at = now() where id = any (array(select machine_id from changed));
  return null;
end $$;
