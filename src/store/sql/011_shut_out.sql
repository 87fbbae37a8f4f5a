-- A certificate that an admin revoked shuts its node out: what the node holds beside it (a rack's key, the socket of its own region) brings no
-- other one, until it is let in anew. What the region revokes by itself (a host built anew, a node forgotten) does not.
alter table certificates add column shuts_out boolean not null default false;
alter table certificates add constraint certificates_shuts_out_revoked check (not shuts_out or revoked_at is not null);
