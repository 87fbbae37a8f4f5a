import Type, { type Static, type TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { nullable, oneOf, strict } from './base/common.ts';
import * as power from './machines/power-commands.ts';
import { ReadLogArgs, ReadLogResult } from './base/command.ts';
import { CheckDhcpArgs, CheckDhcpResult } from './networks/check-dhcp.ts';
import { BackupAnswer, BackupAsk } from './cluster/backup-ask.ts';
import { ReadSupportArgs, ReadSupportResult } from './cluster/support.ts';
import { UpgradeAnswer, UpgradeAsk } from './site/upgrade-order.ts';

/**
 * A task that a node's agent can do once. `secrets`: members that nobody sees but the agent; they are never listed, and deleted with the
 * command's end; null: it has none. `isRepeatable`: doing it twice does no harm. `claimSeconds`: how long an agent that took it may be at it. `isPassing`: a
 * query that people repeat: the caller gets the result, then the row is deleted, and no event reports it.
 */
export interface CommandKind {
  readonly args: TSchema;
  readonly secrets: TSchema | null;
  readonly result: TSchema;
  readonly isRepeatable: boolean;
  readonly claimSeconds: number;
  readonly isPassing?: true;
}

/** Every kind; region and agent read it here. A new one is a line here and a runner in `main/calls/command-runners.ts`. */
export const COMMAND_KINDS = {
  /** Can this node reach an address? `port` null: any sign of life on the ports of IPMI and Redfish. */
  'probe-address': {
    args: strict({
      address: Type.String({ description: 'IPv4 or IPv6' }),
      port: nullable(
        Type.Integer({ minimum: 1, maximum: 65_535, description: 'TCP; null: the ports of IPMI and Redfish' }),
      ),
    }),
    secrets: null,
    result: strict({
      isReachable: Type.Boolean(),
      way: nullable(
        oneOf(
          ['connected', 'refused', 'rmcp'],
          'connected: it takes TCP connections; refused: it answered with a refusal; rmcp: it answered an RMCP ping',
        ),
      ),
      port: nullable(Type.Integer({ description: 'which answered first' })),
      ms: nullable(Type.Number({ description: 'until the answer' })),
      why: Type.String({ description: 'why not; empty where it is reachable' }),
    }),
    isRepeatable: true,
    claimSeconds: 60,
  },
  /** Which of these addresses has a host on a network of this node? Checked before a machine gets one. */
  'probe-free': {
    args: strict({
      addresses: Type.Array(Type.String({ description: 'IPv4 or IPv6' }), { minItems: 1, maxItems: 32 }),
    }),
    secrets: null,
    result: strict({
      answers: Type.Array(
        strict({ address: Type.String(), mac: nullable(Type.String({ description: 'of who has it; null: nobody' })) }),
      ),
    }),
    isRepeatable: true,
    claimSeconds: 5,
    isPassing: true,
  },
  /** Switches a machine on or off, or queries its power. An order names a state, so a repeated one changes nothing. */
  power: {
    args: power.PowerArgs,
    secrets: power.PowerSecrets,
    result: power.PowerResult,
    isRepeatable: true,
    claimSeconds: 300,
  },
  /** Can this node reach a BMC? Without its password. */
  'probe-bmc': {
    args: power.BmcProbeArgs,
    secrets: null,
    result: power.BmcProbeResult,
    isRepeatable: true,
    claimSeconds: 60,
  },
  /** Which machines are on? */
  'look-power': {
    args: power.PowerQueryArgs,
    secrets: power.PowerSecrets,
    result: power.PowerQueryResult,
    isRepeatable: true,
    claimSeconds: 300,
  },
  /** Does the DHCP server of this node take a configuration, by its own checker? Nothing is installed: a dry run asks. */
  'check-dhcp': {
    args: CheckDhcpArgs,
    secrets: null,
    result: CheckDhcpResult,
    isRepeatable: true,
    claimSeconds: 10,
    isPassing: true,
  },
  /** The last lines of a part's journal. */
  'read-log': {
    args: ReadLogArgs,
    secrets: null,
    result: ReadLogResult,
    isRepeatable: true,
    claimSeconds: 10,
    isPassing: true,
  },
  /** A piece of what a support bundle has of this node, packed and masked. */
  'read-support': {
    args: ReadSupportArgs,
    secrets: null,
    result: ReadSupportResult,
    isRepeatable: true,
    claimSeconds: 15,
    isPassing: true,
  },
  /** A question or a task to `regent-backup.service` of a region node: it begins a task, or reports how it goes. */
  backup: {
    args: BackupAsk,
    secrets: null,
    result: BackupAnswer,
    isRepeatable: true,
    claimSeconds: 10,
    isPassing: true,
  },
  /** A task of `regent-upgrade@.service`: it begins, or the answer reports how it goes. A task that is ordered again runs once. */
  upgrade: {
    args: UpgradeAsk,
    secrets: null,
    result: UpgradeAnswer,
    isRepeatable: true,
    claimSeconds: 10,
    isPassing: true,
  },
} as const satisfies Record<string, CommandKind>;

export type CommandKindName = keyof typeof COMMAND_KINDS;
export type CommandArgs<K extends CommandKindName> = Static<(typeof COMMAND_KINDS)[K]['args']>;
export type CommandResult<K extends CommandKindName> = Static<(typeof COMMAND_KINDS)[K]['result']>;

/** A kind by its name; null: this release does not know it. */
function commandKind(name: string): CommandKind | null {
  return Object.hasOwn(COMMAND_KINDS, name) ? COMMAND_KINDS[name as CommandKindName] : null;
}

/** Are these arguments and secrets (null: none) those of the kind? Null, or what breaks its schema; the values stay out of the sentence. */
export function misfitOf(kind: CommandKindName, args: unknown, secrets: unknown): string | null {
  const spec: CommandKind = COMMAND_KINDS[kind];
  if (!Check(spec.args, args)) return `the arguments of ${kind} break its schema`;
  const isRight = spec.secrets === null ? secrets === null : Check(spec.secrets, secrets);
  return isRight ? null : `the secrets of ${kind} break its schema`;
}

/** See `CommandKind`; a kind that this release does not know is none. */
export const isPassing = (kind: string): boolean => commandKind(kind)?.isPassing === true;

/** Is this a result of the kind? Of a kind that this release does not know anything is. */
export function isResultOf(kind: string, result: unknown): boolean {
  const spec = commandKind(kind);
  return spec === null || Check(spec.result, result);
}
