-- Notes for users: what an operator or a tool wants people to read. No configuration of services: no history trigger, no part of the snapshot.

-- For one user, for all users, for admins: whoever of them has not dismissed it. `ident`: by which a tool knows its note again.
create table notifications (
  id int generated always as identity primary key,
  ident text,
  category text not null default 'info',
  message text not null,
  context jsonb not null default '{}',
  user_name text,
  users boolean not null default false,
  admins boolean not null default false,
  dismissable boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notifications_ident_unique unique (ident),
  constraint notifications_ident_grammar check (ident ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,39}$'),
  constraint notifications_category_known check (category in ('error', 'warning', 'success', 'info')),
  constraint notifications_message_size check (length(message) between 1 and 4000),
  constraint notifications_context_shape check (jsonb_typeof(context) = 'object' and length(context::text) <= 16384),
  constraint notifications_user foreign key (user_name) references users (name) on delete cascade
);

create table notification_dismissals (
  notification_id int not null,
  user_name text not null,
  primary key (notification_id, user_name),
  constraint notification_dismissals_notification foreign key (notification_id) references notifications (id) on delete cascade,
  constraint notification_dismissals_user foreign key (user_name) references users (name) on delete cascade
);
