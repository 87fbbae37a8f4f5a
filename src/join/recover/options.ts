import { isRejected, type Rejected } from '../../core/errors.ts';
import { parseArguments, parseTimeout, usage } from '../arguments.ts';

/** Options of `regent cluster recover`. `site`: the site's name as given, null: the command asks for it. */
export interface RecoverOptions {
  readonly site: string | null;
  readonly isCheck: boolean;
  readonly isJson: boolean;
  readonly deadlineMs: number;
}

/** Usage of `regent cluster recover`. */
export const RECOVER_HELP = `Usage: regent cluster recover [options]

Make a cluster of this one region node after most region nodes were lost for good. The command needs no API. It reports which nodes are
missing, what this node has and what may be missing, and asks for the site's name. Then it starts a new epoch, which excludes the lost
nodes. A lost node that returns stays down; run regent leave on it. New hosts join as usual: regent token create --role region.
The command is refused while etcd has a majority, or if another region node can be reached. After an interruption, run it again.

Options:
  --check          only report what there is and what may be missing; change nothing
  --site <name>    the site's name; then the command does not ask (for scripts)
  --timeout <s>    how long to wait until the node serves (default: 300)
  --json           print one JSON object {epoch, node, lost, told, state, already} on stdout
  -h, --help       print this help
`;

const RULES = {
  command: 'cluster recover',
  values: ['--site', '--timeout'],
  flags: ['--check', '--json'],
  maxOperands: 0,
};
const TIMEOUT_S = 300;

/** Parses the arguments after `cluster recover`; `help` if they request help. */
export function parseRecoverOptions(argv: readonly string[]): RecoverOptions | 'help' | Rejected {
  const given = parseArguments(argv, RULES);
  if (given === 'help' || isRejected(given)) return given;
  const { values, flags } = given;
  const deadlineMs = parseTimeout(RULES, values.get('--timeout'), TIMEOUT_S);
  if (isRejected(deadlineMs)) return deadlineMs;
  const isCheck = flags.has('--check');
  if (isCheck && values.has('--site')) return usage(RULES, '--check changes nothing and takes no --site');
  return { site: values.get('--site') ?? null, isCheck, isJson: flags.has('--json'), deadlineMs };
}
