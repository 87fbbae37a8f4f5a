-- Wrong logins, counted over all regions: buckets that refill. A right login writes nothing here. `name` is a digest: of an address, of an account (also one that
-- does not exist), of both. `used` is what was used at `at`, and `per_second` of it comes back.
create table login_failures (
  name text not null,
  used double precision not null,
  per_second double precision not null,
  at timestamptz not null default now(),
  constraint login_failures_pkey primary key (name),
  constraint login_failures_name_grammar check (name ~ '^[0-9a-f]{64}$'),
  constraint login_failures_used_range check (used >= 0 and used <= 100000),
  constraint login_failures_per_second_range check (per_second > 0)
);
create index login_failures_by_age on login_failures (at);
