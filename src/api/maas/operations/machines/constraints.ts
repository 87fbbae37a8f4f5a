import { type FieldProblem, RejectedError, rejected } from '../../../../core/errors.ts';
import { MACHINE_STATES } from '../../../../model/machines/machine-states.ts';
import type { Args } from '../../args.ts';
import type { SiteLists } from '../../site-lists.ts';
import { ARCHITECTURES } from './hosts.ts';
import { refuse } from '../base/refusals.ts';
import { meantIds } from '../networks/meant.ts';
import { MAC, tagNames } from './node-filters.ts';

/** Why the values of a constraint are not usable; null: they are. */
type ConstraintCheck = (lists: SiteLists, values: readonly string[]) => Promise<string | null>;

const missing = (values: readonly string[], items: readonly { readonly name: string }[]) => {
  const names = new Set(items.map(({ name }) => name));
  return [...new Set(values)].filter((value) => !names.has(value)).toSorted();
};

/** Names that must be there, and MAAS's sentence about those that are not. */
const existing =
  (list: 'zones' | 'pools', sentence: (names: readonly string[]) => string): ConstraintCheck =>
  async (lists, values) => {
    const unknown = missing(values, await lists[list]());
    return unknown.length === 0 ? null : sentence(unknown);
  };

const zones = existing('zones', (names) => `No such zone(s): ${names.join(', ')}.`);
const pools = existing('pools', (names) => `No such pool(s): ${names.join(', ')}.`);

const tags: ConstraintCheck = async (lists, values) => {
  const unknown = missing(tagNames(values), await lists.tags());
  return unknown.length === 0 ? null : `No such tag(s): ${unknown.map((name) => `'${name}'`).join(', ')}.`;
};

/** At least one object must be meant. */
const matching =
  (kind: 'subnet' | 'vlan', sentence: string): ConstraintCheck =>
  async (lists, values) => {
    for (const value of values) {
      const [, space] = /^(?:\||&|!|not_)?space:(.*)$/.exec(value) ?? [];
      // Of a space that is not there MAAS answers with another status.
      if (space !== undefined && space !== 'undefined' && (await meantIds(lists, 'space', [space])).size === 0)
        refuse('not_found', `There is no space "${space}".`);
    }
    return (await meantIds(lists, kind, values)).size === 0 ? sentence : null;
  };
const subnets = matching('subnet', 'No matching subnets found.');
const vlans = matching('vlan', 'No matching VLANs found.');

/** One of a few values, with or without `=` before it. */
const oneOf =
  (known: readonly string[]): ConstraintCheck =>
  async (_lists, values) => {
    const unknown = values.find((value) => !known.includes(value.replace(/^=/, '').toLowerCase()));
    return unknown === undefined
      ? null
      : `Select a valid choice. ${unknown.replace(/^=/, '')} is not one of the available choices.`;
  };

const STATUSES = MACHINE_STATES.flatMap((state, number) => [state.replaceAll('-', '_'), String(number)]);
const status = oneOf(STATUSES);
const SIMPLE = 'allocated broken commissioning deployed deploying failed new other ready releasing rescue_mode testing';
const simple = oneOf(SIMPLE.split(' '));
const power = oneOf(['on', 'off', 'unknown', 'error']);
const target = oneOf(['memory', 'disk']);

/** Juju says arm for armhf. */
const NAMES: readonly string[] = [...ARCHITECTURES, 'arm'];
const architecture: ConstraintCheck = async (_lists, values) =>
  values.every((value) => NAMES.includes(value.split('/')[0] ?? '')) ? null : 'Architecture not recognised.';

const macs: ConstraintCheck = async (_lists, values) => {
  const bad = values.find((value) => !MAC.test(value));
  return bad === undefined ? null : `'${bad}' is not a valid MAC address.`;
};

/** Checks by the name of the constraint, whatever the operation. */
const CHECKS: Readonly<Record<string, ConstraintCheck>> = {
  arch: architecture,
  // As some clients call it.
  architecture,
  deployment_target: target,
  mac_address: macs,
  not_deployment_target: target,
  not_in_pool: pools,
  not_in_zone: zones,
  not_power_state: power,
  not_simple_status: simple,
  not_status: status,
  not_subnets: subnets,
  not_vlans: vlans,
  pool: pools,
  power_state: power,
  simple_status: simple,
  status,
  subnets,
  tags,
  vlans,
  zone: zones,
};

/** Refuses constraints that name unknown objects, with MAAS's sentences: no machine can fit them. */
export async function checkConstraints(lists: SiteLists, args: Args): Promise<void> {
  const problems: FieldProblem[] = [];
  for (const [field, check] of Object.entries(CHECKS)) {
    const values = args.list(field);
    const problem = values.length === 0 ? null : await check(lists, values);
    if (problem !== null) problems.push({ field, problem });
  }
  const [first] = problems;
  if (first === undefined) return;
  throw new RejectedError(rejected('invalid_value', `${first.field}: ${first.problem}`, problems));
}

const NETWORKS = { subnets: 'subnet', not_subnets: 'subnet', vlans: 'vlan', not_vlans: 'vlan' } as const;

/** The constraints of a list with the numbers of the networks that their specifiers mean, as filters compare them: `id:5`. */
export async function withNetworks(lists: SiteLists, args: Args): Promise<Args> {
  const meant = new Map<string, readonly string[]>();
  for (const [name, kind] of Object.entries(NETWORKS)) {
    const values = args.list(name);
    if (values.length > 0)
      meant.set(
        name,
        [...(await meantIds(lists, kind, values))].map((id) => `id:${id}`),
      );
  }
  return meant.size === 0 ? args : { ...args, list: (name) => meant.get(name) ?? args.list(name) };
}
