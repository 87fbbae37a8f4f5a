-- The name of a trigger's table has the collation "C", and PL/pgSQL gives it to all arguments of a call: no index of an id fits then.
-- Each new machine read all machines. `source` is an ordinary text.
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
        perform claim_new_names(source, own_id);
      else
        perform claim_names(source, own_id);
      end if;
  end case;
  return null;
end $$;
