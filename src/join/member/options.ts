import { isRejected, type Rejected } from '../../core/errors.ts';
import { parseNodeName } from '../../model/cluster/node-identity.ts';
import { parseArguments, parseTimeout, usage } from '../arguments.ts';
import { parseReachableAddress } from '../../model/names/reachable-address.ts';

/** Options of `regent join`. `token`: the whole text, `-` for standard input. Null: to be found out on the host. */
export interface JoinOptions {
  readonly token: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly isConfirmed: boolean;
  readonly isJson: boolean;
  readonly deadlineMs: number;
}

/** Usage of `regent join`. */
export const JOIN_HELP = `Usage: regent join - [options]

Make this host a node of a cluster, with the role that the token gives: region, rack or both. An admin makes the token on any
region node: regent token create --role region. May be run again after an interruption; regent leave --undo takes it back.

Arguments:
  -                reads the token from standard input. As an argument it also works, with a warning: everybody on this host can then read
                   it in the list of processes and in the shell's history

Options:
  --name <name>    name of this node (the host's name when left out)
  --address <ip>   where others reach this node (its first global IPv4 address)
  --yes            go on in spite of warnings, without asking
  --timeout <s>    how long to wait until the node carries its part (300)
  --json           print one JSON object {nodeId, name, state, already} on stdout
  -h, --help       print this help
`;

/** Options of `regent leave`. */
export interface LeaveOptions {
  /** Takes back an init or a join that has not ended; else: cleans a host that was taken out. */
  readonly isUndo: boolean;
  readonly isConfirmed: boolean;
  readonly isForced: boolean;
  readonly deadlineMs: number;
}

/** Usage of `regent leave`. */
export const LEAVE_HELP = `Usage: regent leave [options]
       regent leave --undo [options]

Clean this host after the cluster has taken it out (regent node remove or replace, on a region node): its processes and daemons stop,
its settings and data go. A host that is a node still is refused. With --undo: take back an init or a join of this host that has
not ended: the cluster forgets it, its data and settings go, and the host can join again. Either may be run again after a kill.

Options:
  --undo           take back an init or a join that has not ended
  --yes            do not ask before everything is removed
  --force          clean this host even if no region answers; after an undo an admin then runs: regent node delete NAME
  --timeout <s>    how long to try to reach the cluster (60)
  -h, --help       print this help
`;

const JOIN_RULES = {
  command: 'join',
  values: ['--name', '--address', '--timeout'],
  flags: ['--yes', '--json'],
  maxOperands: 1,
};
const LEAVE_RULES = { command: 'leave', values: ['--timeout'], flags: ['--undo', '--force', '--yes'], maxOperands: 0 };
const JOIN_TIMEOUT_S = 300;
const LEAVE_TIMEOUT_S = 60;

/** Parses the arguments after `join`; `help` if they request help. */
export function parseJoinOptions(argv: readonly string[]): JoinOptions | 'help' | Rejected {
  const given = parseArguments(argv, JOIN_RULES);
  if (given === 'help' || isRejected(given)) return given;
  const [token] = given.operands;
  if (token === undefined)
    return usage(JOIN_RULES, 'the token is missing (regent token create prints one; - reads it from standard input)');
  const requestedName = given.values.get('--name');
  const name = requestedName === undefined ? null : parseNodeName(requestedName, '--name');
  if (isRejected(name)) return name;
  const where = given.values.get('--address');
  const address = where === undefined ? null : parseReachableAddress(where, '--address');
  if (isRejected(address)) return address;
  const deadlineMs = parseTimeout(JOIN_RULES, given.values.get('--timeout'), JOIN_TIMEOUT_S);
  if (isRejected(deadlineMs)) return deadlineMs;
  return { token, name, address, isConfirmed: given.flags.has('--yes'), isJson: given.flags.has('--json'), deadlineMs };
}

/** Parses the arguments after `leave`; `help` if they request help. */
export function parseLeaveOptions(argv: readonly string[]): LeaveOptions | 'help' | Rejected {
  const given = parseArguments(argv, LEAVE_RULES);
  if (given === 'help' || isRejected(given)) return given;
  const deadlineMs = parseTimeout(LEAVE_RULES, given.values.get('--timeout'), LEAVE_TIMEOUT_S);
  if (isRejected(deadlineMs)) return deadlineMs;
  const { flags } = given;
  return { isUndo: flags.has('--undo'), isConfirmed: flags.has('--yes'), isForced: flags.has('--force'), deadlineMs };
}
