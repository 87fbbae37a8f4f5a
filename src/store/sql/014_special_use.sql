-- What has a special purpose is no site's own: the law of src/model/special/special-use.ts (IANA's registries, RFC 6890, RFC 6761), again in the database, so
-- that no path goes around it (a change taken back, a seed). Only a new network or name is judged: rows from before stay as they are, can be
-- changed in everything else, and are told as findings of the service dns.

-- The special block that forbids a network, `block (what it is)`; null: hosts may have its addresses. The most specific block that holds the
-- network decides; a block that may have no hosts must not lie inside either.
create function special_network(network cidr) returns text language sql immutable as $$
  with blocks (block, is_allowed) as (values
    ('0.0.0.0/8'::cidr, false), ('127.0.0.0/8', false), ('169.254.0.0/16', false), ('192.0.0.0/24', false), ('192.31.196.0/24', false),
    ('192.52.193.0/24', false), ('192.88.99.0/24', false), ('192.175.48.0/24', false), ('224.0.0.0/4', false), ('240.0.0.0/4', false),
    ('255.255.255.255/32', false), ('::/8', false), ('100::/64', false), ('100:0:0:1::/64', false), ('2001::/23', false),
    ('2001:2::/48', true), ('2620:4f:8000::/48', false), ('5f00::/16', false), ('fe80::/10', false), ('fec0::/10', false),
    ('ff00::/8', false)),
  holder as (select block, is_allowed from blocks where block >>= network order by masklen(block) desc limit 1)
  select coalesce(
    (select block::text from holder where not is_allowed),
    (select block::text from blocks where block << network and not is_allowed order by block limit 1))
$$;

-- The special name that forbids a domain; null: a site may have it.
create function special_name(name text) returns text language sql immutable as $$
  select case when name ~ '(^|\.)home\.arpa$' then null
    else substring(name from '(?:^|\.)(alt|arpa|invalid|local|localhost|onion)$') end
$$;

create function check_special_network() returns trigger language plpgsql as $$
declare
  block text := special_network(new.cidr);
begin
  if block is not null then
    perform refuse('subnets_no_special_network', format('%s shares addresses with %s', new.cidr, block));
  end if;
  return new;
end $$;
create trigger check_special_network before insert on subnets
  for each row execute function check_special_network();
create trigger check_special_network_set before update of cidr on subnets
  for each row when (old.cidr is distinct from new.cidr) execute function check_special_network();

create function check_special_name() returns trigger language plpgsql as $$
declare
  special text := special_name(new.name);
begin
  if special is not null then
    perform refuse('domains_no_special_name', format('%s lies in %s', new.name, special));
  end if;
  return new;
end $$;
create trigger check_special_name before insert on domains
  for each row execute function check_special_name();
create trigger check_special_name_set before update of name on domains
  for each row when (old.name is distinct from new.name) execute function check_special_name();
