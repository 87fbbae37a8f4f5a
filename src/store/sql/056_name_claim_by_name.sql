-- Claims of a name are found by the name: a plan that was made while there were few of them went through all of them by their sources, for each new one.
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
  return null;
end $$;
