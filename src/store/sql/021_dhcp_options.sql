-- What DHCP tells clients besides: options of subnets, reservations and machines; of subnets also lease time, boot server and boot file, and whether
-- clients without a static lease are answered.

alter table subnets add column dhcp_options text[] not null default '{}' constraint subnets_dhcp_options_few check (cardinality(dhcp_options) <= 32);
alter table subnets add column lease_time int constraint subnets_lease_time_range check (lease_time between 60 and 604800);
alter table subnets add column boot_server inet constraint subnets_boot_server_host check (family(boot_server) = 4 and masklen(boot_server) = 32);
alter table subnets add column boot_file text constraint subnets_boot_file_grammar check (boot_file ~ '^/?[A-Za-z0-9][A-Za-z0-9._~:/?=&%@+,-]{0,125}$');
alter table subnets add column ignore_unknown boolean not null default false;
alter table reservations add column dhcp_options text[] not null default '{}' constraint reservations_dhcp_options_few check (cardinality(dhcp_options) <= 32);
alter table machines add column dhcp_options text[] not null default '{}' constraint machines_dhcp_options_few check (cardinality(dhcp_options) <= 32);
