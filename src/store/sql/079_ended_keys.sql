-- The credentials of a run that is over, as a digest of all three: a machine that still shows them is answered at once, and it opens nothing.
alter table machine_tokens add column ended_key text;
create index machine_tokens_ended_key on machine_tokens (ended_key) where ended_key is not null;
