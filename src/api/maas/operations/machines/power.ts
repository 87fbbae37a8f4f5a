import type { Machine } from '../../../../contract/machines/machine.ts';
import { POWER_TYPES, type PowerType } from '../../../../model/machines/power.ts';
import type { Args } from '../../args.ts';
import type { SiteLists } from '../../site-lists.ts';
import { step, type SiteStep } from '../../site.ts';
import { badValue } from '../base/refusals.ts';

type Parameters = Record<string, string | string[]>;

/** Parameters that belong to a machine and not to its BMC, by MAAS's own table of power types. */
const OF_MACHINE: readonly string[] = ['power_id', 'node_id', 'mac_address'];
const PREFIX = 'power_parameters_';
/** Not parameters of power: the flag not to check them, and a field of gomaasapi that has the user's name. */
const IGNORED: readonly string[] = ['skip_check', 'power_password'];
/** Parameters with this name are texts in a list. */
const SEVERAL = 'workaround_flags';

/** What a call says of a machine's power. `type` undefined: it stays; null: none. */
export interface PowerRequest {
  readonly type: PowerType | null | undefined;
  readonly bmc: Parameters;
  readonly machine: Parameters;
}

/**
 * Reads a power request. Parameters come one by one with a prefix, or all in one JSON object. Empty parameters are left
 * out.
 */
export function readPower(args: Args): PowerRequest {
  const given: Parameters = { ...jsonParameters(args) };
  for (const [name, value] of args.entries()) {
    const parameter = name.slice(PREFIX.length);
    if (!name.startsWith(PREFIX) || IGNORED.includes(parameter)) continue;
    given[parameter] = parameter === SEVERAL ? [...args.list(name)] : value;
  }
  const filled = Object.entries(given).filter(([, value]) => value.length > 0);
  const of = (isMachine: boolean) =>
    Object.fromEntries(filled.filter(([name]) => OF_MACHINE.includes(name) === isMachine));
  return { type: typeOf(args), bmc: of(false), machine: of(true) };
}

function typeOf(args: Args): PowerType | null | undefined {
  const text = args.clearable('power_type');
  if (text === undefined || text === null || text === '') return text === undefined ? undefined : null;
  const type = POWER_TYPES.find((known) => known === text);
  return type ?? badValue('power_type', `${text} cannot be used here`, `one of ${POWER_TYPES.join(', ')}`);
}

function jsonParameters(args: Args): Parameters {
  const text = args.text('power_parameters');
  if (!text) return {};
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The check below refuses it.
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return badValue('power_parameters', 'it cannot be read', 'an object of JSON');
  const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(
    Object.entries(parsed)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(textOf) : textOf(value)]),
  );
}

/** The steps that make a BMC as it is wanted, and what a machine is to say of it. `machine` null: it is a new one of this name. */
export interface PowerPlan {
  readonly steps: readonly SiteStep[];
  /** When the machine has its new BMC. */
  readonly after: readonly SiteStep[];
  readonly fields: { readonly bmc?: string | null; readonly powerParameters?: Parameters };
}

/**
 * Plans it. A BMC that is there already with the same type and address is used by one machine more; a machine that has one changes it, and parameters that are
 * not given stay.
 */
export async function planPower(
  lists: SiteLists,
  hostname: string,
  machine: Machine | null,
  request: PowerRequest,
): Promise<PowerPlan> {
  const isNothing = request.type === undefined && Object.keys({ ...request.bmc, ...request.machine }).length === 0;
  if (isNothing) return { steps: [], after: [], fields: {} };
  const bmcs = await lists.bmcs();
  const own = bmcs.find(({ name }) => name === machine?.bmc);
  const after = removalOf(own);
  if (request.type === null) return { steps: [], after, fields: machine?.bmc === undefined ? {} : { bmc: null } };
  const type = request.type ?? own?.powerType;
  if (type === undefined) return badValue('power_type', 'it is missing', 'parameters need a power type');
  const powerParameters = Object.keys(request.machine).length === 0 ? {} : { powerParameters: request.machine };
  if (own && own.powerType === type) {
    const parameters = { ...own.parameters, ...request.bmc };
    const changed =
      Object.keys(request.bmc).length === 0
        ? []
        : [step('bmc.set', { params: { bmc: String(own.id) }, body: { parameters } })];
    return { steps: changed, after: [], fields: powerParameters };
  }
  const address = request.bmc['power_address'];
  const same = bmcs.find(
    (bmc) => bmc.powerType === type && address !== undefined && bmc.parameters['power_address'] === address,
  );
  if (same) return { steps: [], after, fields: { bmc: same.name, ...powerParameters } };
  const name = freshName(
    bmcs.map((bmc) => bmc.name),
    hostname,
  );
  const made = step('bmc.create', { body: { name, powerType: type, parameters: request.bmc } });
  return { steps: [made], after, fields: { bmc: name, ...powerParameters } };
}

/** To MAAS's clients a BMC is a part of its machine: with its password it goes with the last one. One with a comment was made by a person: it stays. */
export function removalOf(
  bmc: { readonly id: number; readonly machines: number; readonly comment: string } | undefined,
): SiteStep[] {
  const isPart = bmc?.machines === 1 && bmc.comment === '';
  return isPart ? [step('bmc.delete', { params: { bmc: String(bmc.id) } })] : [];
}

function freshName(taken: readonly string[], hostname: string): string {
  const stem = `${hostname.slice(0, 50)}-bmc`;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem}-${number}`;
    if (!taken.includes(name)) return name;
  }
}
