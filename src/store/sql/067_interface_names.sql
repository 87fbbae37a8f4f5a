-- Interfaces have the names that the kernel and MAAS give them: eth0.90, br_lan. In DNS each is a label of its own: eth0-90, br-lan.

-- The label of an interface.
create function interface_label(name text) returns text language sql immutable strict as $$
  select translate(lower(name), '._', '--')
$$;

alter table interfaces drop constraint interfaces_name_grammar;
alter table interfaces add constraint interfaces_name_grammar check (name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,13}[A-Za-z0-9])?$');
create unique index interfaces_label_unique on interfaces (machine_id, interface_label(name));

create or replace function names_of(src text, sid text) returns table (fqdn text, kind text, zone text)
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
      select interface_label(i.name) || '.' || m.hostname || '.' || d.name, 'machine', d.name
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
