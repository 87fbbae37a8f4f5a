-- Public keys of users, by which machines let them in that run a system of ours. No configuration of services: no history trigger, no part of the snapshot.
create table ssh_keys (
  id int generated always as identity primary key,
  user_name text not null,
  type text not null,
  data text not null,
  comment text not null default '',
  bits int not null,
  -- As OpenSSH shows it.
  fingerprint text not null generated always as ('SHA256:' || rtrim(encode(sha256(decode(data, 'base64')), 'base64'), '=')) stored,
  created_at timestamptz not null default now(),
  constraint ssh_keys_user foreign key (user_name) references users (name) on delete cascade,
  constraint ssh_keys_type_known check (type in ('ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521',
    'sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com')),
  constraint ssh_keys_data_grammar check (length(data) between 16 and 8192 and data ~ '^[A-Za-z0-9+/]+={0,2}$'),
  constraint ssh_keys_comment_grammar check (length(comment) <= 256 and comment !~ '[[:cntrl:]]'),
  constraint ssh_keys_bits_range check (bits between 256 and 16384)
);
create unique index ssh_keys_once on ssh_keys (user_name, data);
create index ssh_keys_by_fingerprint on ssh_keys (fingerprint);

-- Who began a run, and whether its system lets the owner and that user in and stays on. Rescue and deployment let them in anyway.
alter table machine_tokens add column begun_by text constraint machine_tokens_begun_by references users (name) on delete set null;
alter table machine_tokens add column enable_ssh boolean not null default false;
create index machine_tokens_by_beginner on machine_tokens (begun_by) where begun_by is not null;
