-- Series of samples for charts: what a value is of. `labels`: texts by name, such as {"subnet": "10.0.0.0/24"}. Regions store at most 500 of them
-- (model/cluster/series.ts), which bounds both tables below.
create table series (
  id int generated always as identity primary key,
  name text not null,
  labels jsonb not null default '{}',
  constraint series_one unique (name, labels),
  constraint series_name check (name ~ '^regent_[a-z0-9_]{1,90}$'),
  constraint series_labels check (jsonb_typeof(labels) = 'object' and length(labels::text) <= 1000)
);

-- A value of five minutes. `slot`: Unix time / 300. Rows are only inserted and deleted: no update leaves dead rows behind.
create table series_samples (
  series int not null references series (id) on delete cascade,
  slot int not null,
  value real not null,
  constraint series_samples_pkey primary key (series, slot)
);
-- For the deletion of old ones: a hundredth of a B-tree, since rows come in the order of their slots.
create index series_samples_slot on series_samples using brin (slot);

-- The 24 hours of a day (UTC) that is over: the least, mean and greatest of an hour's values; null: it has none. `day`: Unix time / 86400.
create table series_days (
  series int not null references series (id) on delete cascade,
  day int not null,
  low real[] not null,
  mean real[] not null,
  high real[] not null,
  constraint series_days_pkey primary key (series, day),
  constraint series_days_hours check (array_length(low, 1) = 24 and array_length(mean, 1) = 24 and array_length(high, 1) = 24)
);
create index series_days_day on series_days using brin (day);

-- How long runs of machines took: commissioning to its end, whatever its result; deploying until the system ran.
create view machine_run_times as
  select purpose as kind, extract(epoch from ended_at - begun_at) as seconds, ended_at from machine_tokens
    where purpose = 'commissioning' and ended_at is not null
  union all select 'deploying', extract(epoch from deployed_at - begun_at), deployed_at from machine_deployments
    where deployed_at is not null;

-- One region at a time stores the samples of the site.
insert into chores (name, every) values ('series', '5 minutes');
