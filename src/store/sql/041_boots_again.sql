-- How often a machine was started anew by itself in this epoch of its state, since the rack that it booted from had died.
alter table machine_states add column again int not null default 0;
alter table machine_states add column again_epoch int not null default 0;
