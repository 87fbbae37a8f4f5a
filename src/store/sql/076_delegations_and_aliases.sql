-- The law of names, second half. An NS record gives its name, and all names below it, to other name servers: there only name servers have addresses
-- here (glue). CNAME records of the whole site, whatever their zones, end at a name that is no CNAME. Rows from before are not judged.

-- As before, and `ns` for NS records.
create or replace function names_of(src text, sid text) returns table (fqdn text, kind text, zone text)
  language plpgsql stable set enable_seqscan = off as $$
begin
  case src
    when 'records' then return query
      select case r.name when '@' then d.name else r.name || '.' || d.name end,
        case when r.type = 'CNAME' then 'cname' when r.type = 'NS' and r.name <> '@' then 'ns' else 'data' end, d.name
      from (select * from records where id = sid::int offset 0) r, lateral (select x.name from domains x where x.id = r.domain_id offset 0) d;
    when 'machines' then return query
      select m.hostname || '.' || d.name, 'machine', d.name
      from (select * from machines where id = sid offset 0) m, lateral (select x.name from domains x where x.id = m.domain_id offset 0) d
      union all
      select interface_label(i.name) || '.' || m.hostname || '.' || d.name, 'machine', d.name
      from (select x.name, row_number() over (order by x.position, x.id) as n from interfaces x where x.machine_id = sid) i,
        (select * from machines where id = sid offset 0) m, lateral (select x.name from domains x where x.id = m.domain_id offset 0) d
      where i.n > 1;
    when 'reservations' then return query
      select r.hostname || '.' || default_domain(), 'reservation', default_domain() from reservations r
      where r.id = sid::int and r.hostname is not null and not exists (select from interfaces i where i.mac = r.mac);
    when 'nodes' then return query
      select n.name || '.' || default_domain(), 'node', default_domain() from nodes n where n.id = sid;
    when 'domains' then return query
      select d.name, 'domain', d.name from domains d where d.id = sid::int;
  end case;
end $$;

alter table name_claims disable trigger check_name_claim;
update name_claims c set kind = 'ns' from records r
  where c.source = 'records' and c.source_id = r.id::text and r.type = 'NS' and r.name <> '@';
alter table name_claims enable trigger check_name_claim;

create index records_by_name_server on records (data) where type = 'NS';

create or replace function may_share_name(kind text, other text) returns boolean language sql immutable as $$
  select case
    when 'domain' in (kind, other) then true
    when 'cname' in (kind, other) then false
    when kind in ('data', 'ns') or other in ('data', 'ns') then true
    else kind = 'reservation' and other = 'reservation'
  end
$$;

-- Is this the address of a name server that an NS record names?
create function is_glue(claim name_claims) returns boolean language sql stable as $$
  select exists (select from records n where n.type = 'NS' and n.data = claim.fqdn) and case
    when claim.source = 'records' then exists (select from records r where r.id = claim.source_id::int and r.type in ('A', 'AAAA'))
    else claim.source <> 'domains'
  end
$$;

-- Refuses a name that others answer for because of an NS record, and an NS record that would hide names.
create function check_delegation(mine name_claims) returns void language plpgsql set enable_seqscan = off as $$
declare
  other name_claims;
  labels text[] := string_to_array(mine.fqdn, '.');
begin
  if mine.kind = 'domain' then
    return;
  end if;
  if mine.kind = 'ns' then
    select * into other from name_claims c
      where c.zone = mine.zone and c.kind <> 'domain' and not is_glue(c)
        and ((c.fqdn = mine.fqdn and c.kind <> 'ns') or (c.reversed >= reverse(mine.fqdn) || '.' and c.reversed < reverse(mine.fqdn) || '/'))
      order by c.fqdn, c.source limit 1;
    if found then
      perform refuse('names_delegated', format('%s would give %s to other name servers', name_words(mine), name_words(other)));
    end if;
  end if;
  select c.* into other from generate_series(case mine.kind when 'ns' then 2 else 1 end, cardinality(labels)) as n,
    lateral (select * from name_claims x where x.fqdn = array_to_string(labels[n:], '.') offset 0) as c
    where c.kind = 'ns' and c.zone = mine.zone limit 1;
  if found and not is_glue(mine) then
    perform refuse('names_delegated', format('%s would lie at or below %s, which has NS records', name_words(mine), other.fqdn));
  end if;
end $$;

-- Where a CNAME at this name leads; null: no CNAME answers for the name. A wildcard answers for names that do not exist (RFC 4592).
create function alias_of(name text) returns text language plpgsql stable set enable_seqscan = off as $$
declare
  labels text[] := string_to_array(name, '.');
  above text collate "C";
  owner text collate "C" := name;
begin
  for n in 1 .. cardinality(labels) loop
    above := array_to_string(labels[n:], '.');
    if n > 1 then
      owner := '*.' || above;
    end if;
    if exists (select from name_claims c where c.fqdn = above)
      or exists (select from name_claims c where c.reversed >= reverse(above) || '.' and c.reversed < reverse(above) || '/') then
      return (select r.data from name_claims c join records r on r.id = c.source_id::int
        where c.kind = 'cname' and c.fqdn = owner limit 1);
    end if;
  end loop;
  return null;
end $$;

-- The names of a chain of CNAMEs, from this name to the first that comes twice; null: the chain ends.
create function alias_loop(start text) returns text[] language plpgsql stable as $$
declare
  chain text[] := array[start];
  next text := alias_of(start);
begin
  while next is not null loop
    if next = any (chain) then
      return chain || next;
    end if;
    chain := chain || next;
    next := alias_of(next);
  end loop;
  return null;
end $$;

create function check_alias(fqdn text) returns void language plpgsql as $$
declare
  chain text[] := alias_loop(fqdn);
begin
  if chain is not null then
    perform refuse('records_cname_loop', format('the CNAME %s leads to itself: %s', fqdn, array_to_string(chain, ' → ')));
  end if;
end $$;

-- As before, and the two laws above.
create or replace function check_name_claim() returns trigger language plpgsql set enable_seqscan = off as $$
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
  select * into other from (select * from name_claims where fqdn = mine.fqdn offset 0) as c
    where (c.source, c.source_id) <> (mine.source, mine.source_id) and not may_share_name(mine.kind, c.kind)
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
  perform check_delegation(mine);
  if mine.kind = 'cname' then
    perform check_alias(mine.fqdn);
  end if;
  return null;
end $$;

-- New data of a record change no claim of a name.
create function check_record_target() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  mine name_claims;
begin
  select * into mine from name_claims where source = 'records' and source_id = new.id::text;
  if found and mine.kind = 'cname' then
    perform check_alias(mine.fqdn);
  elsif found and mine.kind = 'ns' then
    perform check_delegation(mine);
  end if;
  return null;
end $$;

create constraint trigger check_record_target after update of data on records deferrable initially deferred
  for each row when (new.type in ('CNAME', 'NS')) execute function check_record_target();
