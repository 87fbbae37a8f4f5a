-- VLANs have an MTU: interfaces without one of their own have it in deployed systems.

alter table vlans add column mtu int not null default 1500 constraint vlans_mtu_range check (mtu between 576 and 65535);
