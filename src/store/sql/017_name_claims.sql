-- Whoever has a name for himself: records, machines with their interfaces, nodes, reserved addresses, and domains, which hide what lies at or below
-- them in a domain above. One table that triggers fill, so that no path goes around the law: requests, joins, changes taken back, seeds.
-- The law is checked at the end of a transaction, one after the other on the whole site; rows from before are not judged.

-- The order of a machine's interfaces; the first has the machine's name. Rows from before keep the order of their ids.
alter table interfaces add column position int not null default 0;

-- `kind`: cname, data, machine, node, reservation or domain. `zone`: the domain that the name belongs to.
create table name_claims (
  source text not null,
  source_id text not null,
  fqdn text collate "C" not null,
  kind text not null,
  zone text collate "C" not null,
  reversed text collate "C" not null generated always as (reverse(fqdn)) stored,
  primary key (source, source_id, fqdn)
);
create index name_claims_by_fqdn on name_claims (fqdn);
create index name_claims_by_reversed on name_claims (reversed);

-- The default of src/model/settings.ts; a test compares them.
create function default_domain() returns text language sql stable as $$
  select coalesce((select value #>> '{}' from settings where name = 'default_domain'), 'regent.internal')
$$;

-- The names that a row has now; none when it is gone.
create function names_of(src text, sid text) returns table (fqdn text, kind text, zone text)
  language plpgsql stable set enable_seqscan = off as $$
begin
  -- `offset 0`: the row is looked up by its own id, and then its domain, whatever the statistics say.
  case src
    when 'records' then return query
      select case r.name when '@' then d.name else r.name || '.' || d.name end, case r.type when 'CNAME' then 'cname' else 'data' end, d.name
      from (select * from records where id = sid::int offset 0) r, lateral (select x.name from domains x where x.id = r.domain_id offset 0) d;
    when 'machines' then return query
      select m.hostname || '.' || d.name, 'machine', d.name
      from (select * from machines where id = sid offset 0) m, lateral (select x.name from domains x where x.id = m.domain_id offset 0) d
      union all
      select i.name || '.' || m.hostname || '.' || d.name, 'machine', d.name
      from (select x.name, row_number() over (order by x.position, x.id) as n from interfaces x where x.machine_id = sid) i,
        (select * from machines where id = sid offset 0) m, lateral (select x.name from domains x where x.id = m.domain_id offset 0) d
      where i.n > 1;
    when 'reservations' then return query
      -- An interface of a machine has the machine's name.
      select r.hostname || '.' || default_domain(), 'reservation', default_domain() from reservations r
      where r.id = sid::int and r.hostname is not null and not exists (select from interfaces i where i.mac = r.mac);
    when 'nodes' then return query
      select n.name || '.' || default_domain(), 'node', default_domain() from nodes n where n.id = sid;
    when 'domains' then return query
      select d.name, 'domain', d.name from domains d where d.id = sid::int;
  end case;
end $$;

create function claim_new_names(src text, sid text) returns void language plpgsql as $$
begin
  insert into name_claims (source, source_id, fqdn, kind, zone) select src, sid, n.fqdn, n.kind, n.zone from names_of(src, sid) n;
end $$;

-- A plan that was made over an empty table reads all of a full one: this one is made anew each time.
create function claim_names(src text, sid text) returns void language plpgsql set plan_cache_mode = force_custom_plan as $$
begin
  delete from name_claims c
    where c.source = src and c.source_id = sid and c.fqdn <> all (array(select n.fqdn from names_of(src, sid) n));
  insert into name_claims as c (source, source_id, fqdn, kind, zone)
    select src, sid, n.fqdn, n.kind, n.zone from names_of(src, sid) n
    on conflict (source, source_id, fqdn) do update set kind = excluded.kind, zone = excluded.zone
    where (c.kind, c.zone) is distinct from (excluded.kind, excluded.zone);
end $$;

create function keep_name_claims() returns trigger language plpgsql as $$
declare
  was jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  is_now jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  own_id text := coalesce(is_now, was) ->> 'id';
begin
  -- Of two that come at once the second sees what the first one has written. Taken before the site's counters are, by every release.
  perform pg_advisory_xact_lock(5240003);
  case tg_table_name
    when 'interfaces' then
      perform claim_names('machines', machine) from (
        select distinct x as machine from unnest(array[was ->> 'machine_id', is_now ->> 'machine_id']) as x where x is not null) as machines;
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
        perform claim_new_names(tg_table_name, own_id);
      else
        perform claim_names(tg_table_name, own_id);
      end if;
  end case;
  return null;
end $$;

create trigger keep_name_claims after insert or delete or update of domain_id, name, type on records
  for each row execute function keep_name_claims();
create trigger keep_name_claims after insert or delete or update of domain_id, hostname on machines
  for each row execute function keep_name_claims();
create trigger keep_name_claims after insert or delete or update of machine_id, name, mac, position on interfaces
  for each row execute function keep_name_claims();
create trigger keep_name_claims after insert or delete or update of mac, hostname on reservations
  for each row execute function keep_name_claims();
create trigger keep_name_claims after insert or delete or update of name on nodes
  for each row execute function keep_name_claims();
create trigger keep_name_claims after insert or delete or update of name on domains
  for each row execute function keep_name_claims();
create trigger keep_name_claims_of_new_default after insert or update on settings
  for each row when (new.name = 'default_domain') execute function keep_name_claims();
create trigger keep_name_claims_of_old_default after delete on settings
  for each row when (old.name = 'default_domain') execute function keep_name_claims();

-- A claim as operators know it.
create function name_words(claim name_claims) returns text language sql stable as $$
  select coalesce(case claim.source
    when 'records' then (select format('the record %s %s', claim.fqdn, type) from records where id = claim.source_id::int)
    when 'machines' then (
      select case when claim.fqdn = m.hostname || '.' || d.name then format('the machine %s', claim.fqdn)
        else format('an interface of the machine %s.%s', m.hostname, d.name) end
      from machines m join domains d on d.id = m.domain_id where m.id = claim.source_id)
    when 'nodes' then (select format('the node %s', name) from nodes where id = claim.source_id)
    when 'reservations' then (select format('the reserved address %s', host(address)) from reservations where id = claim.source_id::int)
    when 'domains' then format('the domain %s', claim.fqdn)
  end, claim.fqdn)
$$;

-- May two owners have one name? A domain's own name is judged by what it hides.
create function may_share_name(kind text, other text) returns boolean language sql immutable as $$
  select case
    when 'domain' in (kind, other) then true
    when 'cname' in (kind, other) then false
    when 'data' in (kind, other) then true
    else kind = 'reservation' and other = 'reservation'
  end
$$;

create function check_name_claim() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  mine name_claims;
  other name_claims;
  labels text[];
  cut text;
begin
  select * into mine from name_claims where source = new.source and source_id = new.source_id and fqdn = new.fqdn;
  if not found then
    return null;
  end if;
  if length(mine.fqdn) > 253 then
    perform refuse('names_length', format('%s has %s characters', name_words(mine), length(mine.fqdn)));
  end if;
  select * into other from name_claims c
    where c.fqdn = mine.fqdn and (c.source, c.source_id) <> (mine.source, mine.source_id) and not may_share_name(mine.kind, c.kind)
    order by c.source, c.source_id limit 1;
  if found then
    perform refuse(case when 'cname' in (mine.kind, other.kind) then 'records_cname_alone' else 'names_one_owner' end,
      format('%s: %s cannot have this name beside %s', mine.fqdn, name_words(mine), name_words(other)));
  end if;
  if mine.kind = 'domain' then
    select * into other from name_claims c
      where c.kind <> 'domain' and length(c.zone) < length(mine.fqdn)
        and (c.fqdn = mine.fqdn or (c.reversed >= reverse(mine.fqdn) || '.' and c.reversed < reverse(mine.fqdn) || '/'))
      order by c.fqdn, c.source limit 1;
    cut := mine.fqdn;
  else
    labels := string_to_array(mine.fqdn, '.');
    select d.name into cut from domains d
      where d.name in (select array_to_string(labels[n:], '.') from generate_series(1, cardinality(labels)) as n)
        and length(d.name) > length(mine.zone)
      order by length(d.name) desc limit 1;
    other := mine;
  end if;
  if found then
    perform refuse('names_in_longest_domain',
      format('%s, of the domain %s, would lie in %s, which is a domain of its own', name_words(other), other.zone, cut));
  end if;
  return null;
end $$;

insert into name_claims (source, source_id, fqdn, kind, zone)
  select s.source, s.source_id, n.fqdn, n.kind, n.zone from (
    select 'records' as source, id::text as source_id from records union all select 'machines', id from machines
    union all select 'reservations', id::text from reservations union all select 'nodes', id from nodes
    union all select 'domains', id::text from domains) as s, names_of(s.source, s.source_id) as n;

create constraint trigger check_name_claim after insert or update on name_claims deferrable initially deferred
  for each row execute function check_name_claim();
