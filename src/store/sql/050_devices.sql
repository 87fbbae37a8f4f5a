-- Devices: hosts with names and addresses of the site that nobody commissions, such as printers, or containers on a machine. To a process of the release before
-- they are machines that are new.

-- `parent_id`: the machine that a device is a part of; it goes with it.
alter table machines
  add column is_device boolean not null default false,
  add column parent_id text constraint machines_parent references machines (id)
    constraint machines_parent_of_device check (parent_id is null or (is_device and parent_id <> id));
create index machines_by_parent on machines (parent_id) where parent_id is not null;
