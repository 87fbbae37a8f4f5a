-- Which BMC switches a machine, and which of its machines it is there (MAAS's parameters of the scope node, such as `power_id`).
alter table machines
  add column bmc_id int constraint machines_bmc references bmcs (id),
  add column power_parameters jsonb not null default '{}' constraint machines_power_parameters_grammar
    check (jsonb_typeof(power_parameters) = 'object' and length(power_parameters::text) <= 16384);
create index machines_by_bmc on machines (bmc_id);
