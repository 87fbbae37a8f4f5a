-- Whom daemons of region nodes let in: a certificate of the authority that is good for no rack, and the list of revoked certificates, both signed.
create table inner_trust (
  id boolean primary key default true,
  authority text not null,
  revocations text not null,
  serials text[] not null,
  signed_at timestamptz not null default now(),
  constraint inner_trust_single check (id)
);

-- Does a rack's certificate say that it is one? Releases before this one sign none that does; on the inner ports those are taken like revoked ones.
alter table certificates add column names_role boolean not null default false;
