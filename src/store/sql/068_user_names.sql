-- Users have the names that MAAS lets them have: capitals, @ and +, up to 150 characters. No two differ in capitals alone.
alter table users drop constraint users_name_grammar;
alter table users add constraint users_name_grammar check (name ~ '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,149}$');
create unique index users_name_unique on users (lower(name));
