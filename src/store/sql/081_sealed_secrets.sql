-- Secrets are sealed wherever they are stored (core/seal.ts), as soon as every region node knows how to: the feature sealed-secrets. Until then, and in
-- rows of before, they stand in the columns of earlier releases. The key follows from the cluster's authority, which no dump and no WAL has.

-- Of a command: its place is command/ID. One of both.
alter table command_secrets alter column secrets drop not null;
alter table command_secrets add column sealed text;
alter table command_secrets add constraint command_secrets_one check (num_nonnulls(secrets, sealed) = 1 and length(sealed) <= 32768);

-- Of a TSIG key: its place is tsig/KEY/NUMBER. The racks' key (0) has neither when it follows from the authority and its number.
alter table tsig_secrets alter column secret drop not null;
alter table tsig_secrets add column sealed text;
alter table tsig_secrets add constraint tsig_secrets_one check (num_nonnulls(secret, sealed) <= 1
  and (sealed is null or sealed ~ '^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$'));

create function seals_secrets() returns boolean language sql stable as $$
  select exists (select from features where name = 'sealed-secrets')
$$;

-- Whoever makes a key seals its secret.
create or replace function make_tsig_secret() returns trigger language plpgsql as $$
begin
  if not seals_secrets() then
    insert into tsig_secrets (key_id, number, secret) values (new.id, new.secret_number, new_tsig_secret()) on conflict do nothing;
  end if;
  return null;
end $$;

create or replace function renew_copy_key() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or new.state <> 'accepted' then
    insert into tsig_secrets (key_id, number, secret)
      select 0, max(number) + 1, case when not seals_secrets() then new_tsig_secret() end from tsig_secrets where key_id = 0;
  end if;
  return null;
end $$;

-- User data of a run: its place is user-data/RUN.
alter table machine_tokens add column user_data_sealed text;
alter table machine_tokens add constraint machine_tokens_user_data_one check (num_nonnulls(user_data, user_data_sealed) <= 1
  and length(user_data_sealed) <= 1900000 and (ended_at is null or user_data_sealed is null)) not valid;
create function forget_sealed_user_data() returns trigger language plpgsql as $$
begin
  new.user_data_sealed := null;
  return new;
end $$;
create trigger forget_sealed_user_data before update on machine_tokens
  for each row when (new.ended_at is not null and new.user_data_sealed is not null) execute function forget_sealed_user_data();

-- For all who compile, when secrets become others without a change of the configuration.
create function raise_observed_by_one() returns void language sql as $$
  update counters set observed = observed + 1
$$;
