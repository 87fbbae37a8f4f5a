-- Domains that others answer for, and the name servers that questions about them go to: ADDRESS, or ADDRESS:PORT (model/special/forward-server.ts).
alter table domains
  add column authoritative boolean not null default true,
  add column forward_to text[] not null default '{}'
    constraint domains_forward_few check (cardinality(forward_to) <= 8)
    constraint domains_forward_grammar check (array_to_string(forward_to, ' ', 'null') ~ '^[][0-9a-f.: ]*$')
    constraint domains_forward_elsewhere check (cardinality(forward_to) = 0 or not authoritative);

-- A layout that the site's setting gave a machine, and nobody changed: the next commissioning lays its disks out again.
alter table machine_storage add column by_default boolean not null default false;
