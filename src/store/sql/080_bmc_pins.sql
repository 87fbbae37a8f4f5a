-- The certificate that a BMC showed first, for each place that the BMC had: type, address and the fingerprint that an operator gave. A change of other
-- parameters, a change that is undone and a deletion that is undone do not make an unknown certificate the first one again: the password goes to it.

-- No reference: a BMC that was deleted may come back by its history.
create table bmc_pins (
  bmc_id int not null,
  place text not null,
  fingerprint text not null,
  constraint bmc_pins_pkey primary key (bmc_id, place),
  constraint bmc_pins_place_size check (length(place) <= 4096),
  constraint bmc_pins_fingerprint_grammar check (fingerprint ~ '^[0-9a-f]{64}$')
);

-- Its BMC is there, or may come back: there is history of it.
create function keeps_bmc_pin(of_bmc int) returns boolean language sql stable as $$
  select exists (select from bmcs where id = of_bmc)
    or exists (select from history where table_name = 'bmcs' and (row_key ->> 'id')::int = of_bmc)
$$;

create function bmc_place(power_type text, parameters jsonb) returns text language sql immutable as $$
  select concat_ws(' ', power_type, parameters ->> 'power_address', parameters ->> 'certificate_fingerprint')
$$;

create function store_bmc_pin(of_bmc int, at_place text) returns void language sql as $$
  insert into bmc_pins (bmc_id, place, fingerprint)
    select bmc_id, at_place, learned ->> 'certificate_fingerprint' from bmc_power
    where bmc_id = of_bmc and learned ->> 'certificate_fingerprint' ~ '^[0-9a-f]{64}$'
    on conflict (bmc_id, place) do update set fingerprint = excluded.fingerprint
$$;

create function bmc_pin(of_bmc int, at_place text) returns jsonb language sql stable as $$
  select coalesce((select jsonb_build_object('certificate_fingerprint', fingerprint) from bmc_pins
    where bmc_id = of_bmc and place = at_place), '{}')
$$;

-- As before, but for the certificate.
create or replace function forget_bmc_power() returns trigger language plpgsql as $$
begin
  perform store_bmc_pin(old.id, bmc_place(old.power_type, old.parameters));
  update bmc_power set learned = bmc_pin(new.id, bmc_place(new.power_type, new.parameters)) where bmc_id = new.id;
  delete from bmc_reach where bmc_id = new.id;
  return null;
end $$;

create function keep_bmc_pin() returns trigger language plpgsql as $$
begin
  perform store_bmc_pin(old.id, bmc_place(old.power_type, old.parameters));
  return old;
end $$;
create trigger keep_bmc_pin before delete on bmcs for each row execute function keep_bmc_pin();

create function recall_bmc_pin() returns trigger language plpgsql as $$
begin
  insert into bmc_power (bmc_id, learned)
    select new.id, bmc_pin(new.id, bmc_place(new.power_type, new.parameters))
    where exists (select from bmc_pins where bmc_id = new.id) on conflict do nothing;
  return null;
end $$;
create trigger recall_bmc_pin after insert on bmcs for each row execute function recall_bmc_pin();
