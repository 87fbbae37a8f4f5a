-- Each time that the cluster was made anew from one node that was left (`regent cluster recover`). Together they are its epoch. Never changed: who
-- compares epochs needs all of them.
create table recoveries (
  number int primary key,
  id text not null,
  at timestamptz not null,
  node text not null,
  -- Name and address of each region node that was counted as lost.
  lost jsonb not null,
  -- What the node said of its data before, in sentences.
  told jsonb not null,
  -- Of the epoch that ends with this row, by the cluster's authority.
  signature text not null,
  created_at timestamptz not null default now(),
  constraint recoveries_number_range check (number between 2 and 100),
  constraint recoveries_id_grammar check (id ~ '^[0-9a-f]{8}$'),
  constraint recoveries_lost_shape check (jsonb_typeof(lost) = 'array'),
  constraint recoveries_told_shape check (jsonb_typeof(told) = 'array'),
  constraint recoveries_signature_grammar check (signature ~ '^[A-Za-z0-9+/]{20,200}={0,2}$')
);
