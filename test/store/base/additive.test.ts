import { describe, expect, it } from 'vitest';
import { readMigrations } from '../../../src/store/migrate.ts';
import { breakingStatements } from '../../kit/additive-sql.ts';

/** The first migration that another release may already work beside. */
const FIRST = 13;

/**
 * Migrations that forbid what no site can use: a process of an older release works on beside them, and only such a write of its own fails. Name → why.
 * A later one says why itself: `--! narrows: WHY`.
 */
const NARROWING: Readonly<Record<string, string>> = {
  name_claims: 'names that two have, or that are hidden or too long: such a site had no DNS changes at all',
  lease_releases: 'nothing: its triggers note leases that were given up',
  special_use: 'subnets and domains with a special purpose, such as 127.0.0.0/8 and localhost',
  runs_seen: 'nothing: its triggers count what racks must hear of',
  boot_records: 'nothing: its triggers count what racks must hear of',
  deployments: 'nothing: its triggers count what racks must hear of',
  tsig_keys: 'nothing: its trigger gives racks another key when one of them goes',
  commands: 'nothing: its triggers note which targets a job holds',
  machine_power_states: 'nothing: its triggers forget what was seen of a BMC or a machine that became another',
  zones_and_pools: 'nothing: its triggers keep the default zone and the default pool, which only this release knows',
  as_it_was_given: 'nothing: its trigger forgets how the data of a record was written that an older release changes',
  delegations_and_aliases:
    'names at or below NS records, and CNAMEs that lead to themselves: nobody could resolve such names',
  bmc_pins: 'nothing: its triggers keep what certificate a BMC showed first',
  occupied:
    'another network for a machine whose system runs, its deletion, its addresses for others, and to delete a user with machines',
  own_addresses:
    'an address of a node, or the floating one, for a machine, a reservation, a dynamic range or a gateway',
};

/** Statements that let in what was refused before: what an older release writes fits as before. Name → statements. */
const WIDENING: Readonly<Record<string, readonly string[]>> = {
  commands: ["update jobs set targets = ''"],
  body_parts: [
    'alter table desired alter column body drop not null',
    'alter table publications alter column body drop not null',
    'alter table desired add constraint desired_has_body check (body is not null or',
    'alter table publications add constraint publications_has_body check (body is not',
  ],
  enlistment: [
    'alter table machine_tokens drop constraint machine_tokens_purpose_known',
    'alter table machine_tokens add constraint machine_tokens_purpose_known check (pu',
  ],
  deployments: [
    'alter table machine_tokens drop constraint machine_tokens_purpose_known',
    'alter table machine_tokens add constraint machine_tokens_purpose_known check (pu',
  ],
  node_places: [
    'alter table nodes drop constraint nodes_state_known',
    'alter table nodes add constraint nodes_state_known check (state in',
  ],
  // The same rules with other plans.
  bulk_plans: [
    'create or replace function touch_machine() returns trigger language plpgsql set ',
    'create or replace function check_one_fixed_address(subnet int, interface_mac tex',
  ],
  bulk_claims: [
    'create or replace function running_system(of_machine text)',
    'create or replace function claim_names(src text',
    'create or replace function keep_name_claims() returns trigger',
    'create or replace function touch_tagged_machines() returns trigger',
  ],
  release_images: [
    'alter table images drop constraint images_kind_known',
    'alter table images add constraint images_kind_known check (kind in (',
  ],
  // Of a column that an older release leaves as it is by default.
  ssh_keys: ['alter table machine_tokens add constraint machine_tokens_begun_by foreign key (b'],
  kernel_options: ['alter table tags add constraint tags_kernel_options_grammar check (length'],
  scripts: ['alter table tags add constraint tags_definition_grammar check (length(definition'],
  record_types: [
    'alter table records drop constraint records_type_known',
    'alter table records add constraint records_type_known check (type in',
    'alter table records drop constraint records_data_grammar',
    'alter table records add constraint records_data_grammar check (case type when',
  ],
  // Between the same trigger and the same rows: it keeps what it forgot.
  bmc_pins: ['create or replace function forget_bmc_power() returns trigger language plpgsql a'],
  // What an older release writes fits as before; the triggers do as before until every region node knows the feature.
  sealed_secrets: [
    'alter table command_secrets alter column secrets drop not null',
    'alter table command_secrets add constraint command_secrets_one check (num_nonnul',
    'alter table tsig_secrets alter column secret drop not null',
    'alter table tsig_secrets add constraint tsig_secrets_one check (num_nonnulls(sec',
    'create or replace function make_tsig_secret() returns trigger language plpgsql a',
    'create or replace function renew_copy_key() returns trigger language plpgsql as ',
    'alter table machine_tokens add constraint machine_tokens_user_data_one check (nu',
    'create trigger forget_sealed_user_data before update on machine_tokens for each ',
  ],
  no_host: [
    'alter table records drop constraint records_data_grammar',
    'alter table records add constraint records_data_grammar check (case type when',
  ],
  // The same rows of history, and versions of machines, by fewer statements.
  tags_at_once: [
    'create or replace trigger touch_machine after update on machine_tags for each ro',
    'create or replace trigger write_history after update on machine_tags for each ro',
    'create trigger touch_machines_given after insert on machine_tags referencing new',
    'create trigger touch_machines_taken after delete on machine_tags referencing old',
    'create trigger write_history_given after insert on machine_tags referencing new ',
    'create trigger write_history_taken after delete on machine_tags referencing old ',
    'create or replace trigger raise_version before update on machines for each row w',
  ],
  // Names that an older release gives have the label that they had, and no two of a machine the same.
  interface_names: [
    'alter table interfaces drop constraint interfaces_name_grammar',
    'alter table interfaces add constraint interfaces_name_grammar check (name',
    'create unique index interfaces_label_unique on interfaces',
    'create or replace function names_of(src text',
  ],
  // The last dynamic range of a VLAN with DHCP may go: what an older release renders then is a configuration without pools.
  occupied: ['create or replace function keep_vlan_served() returns trigger language plpgsql a'],
  // Names that an older release gives fit, and differ in more than capitals.
  user_names: [
    'alter table users drop constraint users_name_grammar',
    'alter table users add constraint users_name_grammar check (name',
    'create unique index users_name_unique on users',
  ],
  // The same claims are found, by another way.
  name_claim_by_name: ['create or replace function check_name_claim() returns trigger'],
  names_by_id: ['create or replace function keep_name_claims() returns trigger'],
  // NS records have claims of a kind of their own; an older release sees no kinds.
  delegations_and_aliases: [
    'create or replace function names_of(src text',
    'alter table name_claims disable trigger check_name_claim',
    "update name_claims c set kind = ''",
    'alter table name_claims enable trigger check_name_claim',
    'create or replace function may_share_name(kind text',
    'create or replace function check_name_claim() returns trigger',
  ],
  name_alone_by_name: ['alter function check_name_alone() set enable_seqscan = off'],
  pairs: [
    'alter table restarts drop constraint',
    'alter table restarts add constraint restarts_service_grammar check (service',
  ],
};

describe('migrations', () => {
  const files = readMigrations().filter(({ number }) => number >= FIRST);
  it.each(files.map((file) => [`${file.number} (${file.name})`, file] as const))(
    '%s is additive, or says that it is not',
    (_, file) => {
      const found = file.isBreaking ? [] : breakingStatements(file.text);
      const isNarrowing = Object.hasOwn(NARROWING, file.name) || /^--! narrows: \S.{10,}/m.test(file.text);
      const isWidening = (why: string) => (WIDENING[file.name] ?? []).some((start) => why.includes(`: ${start}`));
      const left = found.filter((why) => !isWidening(why));
      expect(left.filter((why) => !isNarrowing || !why.startsWith('it may refuse what an older'))).toEqual([]);
    },
  );
});

describe('the rule of additive migrations', () => {
  it.each([
    'create table a (id int primary key, unique (id)); create unique index on a (id); alter table a add constraint x check (id > 0)',
    'alter table nodes add column is_new boolean not null default false',
    'alter table nodes add column note text, add column n int not null default 0 check (n in (1, 2))',
    "alter table nodes add column note text not null default 'drop table nodes; unique'",
    'create index machines_by_name on machines (name)',
    'create function f() returns trigger language plpgsql as $$ begin delete from nodes; drop table nodes; end $$',
    'create function f() returns int language sql as $body$ select 1; $$ $body$',
    "-- drop table nodes;\n/* alter table nodes drop column id; */ comment on table nodes is 'x'",
    "insert into chores (name, every) values ('x', '1 h')",
    'create table b (id int); create constraint trigger t after insert on b deferrable for each row execute function f()',
  ])('lets through: %s', (text) => {
    expect(breakingStatements(text)).toEqual([]);
  });

  it.each([
    'drop table nodes',
    'alter table nodes drop column name',
    'ALTER TABLE nodes\n  DROP COLUMN name',
    'alter table nodes rename to members',
    'alter table nodes rename column name to title',
    'alter table nodes add column a int, drop column b',
    'alter table nodes alter column name set not null',
    'alter table nodes alter column name type varchar(5)',
    'alter table nodes add constraint short check (length(name) < 9)',
    'alter table nodes add check (length(name) < 9)',
    'alter table nodes add unique (name)',
    'alter table nodes add foreign key (id) references racks',
    'alter table nodes add column must text not null',
    'alter table nodes add must text not null',
    'alter table nodes add column once text unique',
    'alter table only nodes disable trigger all',
    'create unique index on nodes (name)',
    'create trigger t before insert on nodes for each row execute function f()',
    'create or replace function refuse() returns void language sql as $$ select 1 $$',
    'create table a (id int); alter table b drop column id',
    'create table a (id int); drop trigger t on a',
    'delete from nodes',
    "update nodes set name = ''",
    'truncate nodes',
    'alter type mood rename to moods',
    'do $$ begin drop table nodes; end $$',
    "select 'x'; drop table nodes",
  ])('refuses: %s', (text) => {
    expect(breakingStatements(text)).not.toEqual([]);
  });
});
