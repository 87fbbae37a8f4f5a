-- Passwords and sessions of users. Apart from users, so that no history row ever holds a hash; no configuration of services, so no history trigger.

-- `hash`: argon2id in PHC's form, with its parameters.
create table password_hashes (
  user_name text primary key,
  hash text not null,
  set_at timestamptz not null default now(),
  constraint password_hashes_user foreign key (user_name) references users (name) on delete cascade,
  constraint password_hashes_grammar check (hash ~ '^\$argon2id\$v=19\$m=[0-9]{1,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{8,64}\$[A-Za-z0-9+/]{16,128}$')
);

-- A session of a browser. `key_token`: of the API key that opened it; null: a password did. `is_wall`: it only looks, and does not end when nobody uses it.
create table sessions (
  id text primary key,
  token_sha256 text not null,
  user_name text not null,
  key_token text,
  is_wall boolean not null default false,
  address text not null,
  agent text not null default '',
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint sessions_user foreign key (user_name) references users (name) on delete cascade,
  constraint sessions_token_hashed check (token_sha256 ~ '^[0-9a-f]{64}$'),
  constraint sessions_agent_short check (length(agent) <= 200 and agent !~ '[[:cntrl:]]')
);
create unique index sessions_by_token on sessions (token_sha256);
create index sessions_by_user on sessions (user_name, created_at);
create index sessions_by_end on sessions (expires_at);

-- For tools that keep one with each user; nobody writes to it.
alter table users add column email text not null default ''
  constraint users_email_grammar check (length(email) <= 254 and email !~ '[[:cntrl:][:space:]]');

-- When a key was used last, to five minutes.
alter table api_keys add column used_at timestamptz;
