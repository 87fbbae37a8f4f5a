-- The architecture of a machine as people and tools say it before the machine tells of itself, such as arm64/generic. Nothing follows from it.

alter table machines
  add column expected_architecture text not null default '' constraint machines_expected_architecture_grammar
    check (expected_architecture ~ '^([a-z0-9]{1,16}/[A-Za-z0-9._+-]{1,64})?$');
