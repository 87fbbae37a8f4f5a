import { isRejected, type Rejected, rejected, show } from '../core/errors.ts';
import { formatAddress, parseAddress } from '../core/ip.ts';
import { parseDomainName, parseHostLabel } from '../model/names.ts';

/** What `regent init` was asked for; null: to be found out on the host. */
export interface InitOptions {
  readonly name: string | null;
  readonly domain: string;
  readonly address: string | null;
  readonly isJson: boolean;
  readonly deadlineMs: number;
}

/** Usage of `regent init`. */
export const INIT_HELP = `Usage: regent init --single [options]

Make this host the first node of a new site: database, region, agent, all on this host.
May be run again after an interruption; on a host that is done it changes nothing.

Options:
  --single            an all-in-one node (the only kind that init makes)
  --name <name>       name of this node (the host's name when left out)
  --domain <domain>   domain of nodes, and of machines that name none (regent.internal)
  --address <ip>      where others reach this node (its first global IPv4 address)
  --timeout <s>       how long to wait until everything is healthy (180)
  --json              print one JSON object {url, apiKey?, nodeId, already} on stdout
  -h, --help          print this help
`;

const DOMAIN_DEFAULT = 'regent.internal';
const TIMEOUT_DEFAULT_S = 180;
const WITH_VALUE = ['--name', '--domain', '--address', '--timeout'] as const;

/** Parses the arguments after `init`; `help` when help is asked for. */
export function parseInitOptions(argv: readonly string[]): InitOptions | 'help' | Rejected {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const [name, inline] = word.startsWith('--') ? splitOnce(word) : [word];
    if (name === '-h' || name === '--help') return 'help';
    const takesValue = WITH_VALUE.some((known) => known === name);
    if (!takesValue && name !== '--single' && name !== '--json') return usage(`${show(word)} is not known`);
    if (!takesValue && inline !== undefined) return usage(`${name} takes no value`);
    const value = takesValue ? (inline ?? queue.shift()) : '';
    if (value === undefined || (takesValue && value === '')) return usage(`${name} needs a value`);
    if (takesValue) values.set(name, value);
    else flags.add(name);
  }
  if (!flags.has('--single')) return usage('--single is missing');
  return check(values, flags.has('--json'));
}

function check(values: ReadonlyMap<string, string>, isJson: boolean): InitOptions | Rejected {
  const name = values.get('--name');
  const checkedName = name === undefined ? null : parseHostLabel(name, '--name');
  if (isRejected(checkedName)) return checkedName;
  const domain = parseDomainName(values.get('--domain') ?? DOMAIN_DEFAULT, '--domain');
  if (isRejected(domain)) return domain;
  const address = values.get('--address');
  const checkedAddress = address === undefined ? null : parseAddress(address, '--address');
  if (isRejected(checkedAddress)) return checkedAddress;
  const seconds = Number(values.get('--timeout') ?? TIMEOUT_DEFAULT_S);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) {
    return usage('--timeout is a whole number of seconds from 1 to 86400');
  }
  return {
    name: checkedName,
    domain,
    address: checkedAddress === null ? null : formatAddress(checkedAddress),
    isJson,
    deadlineMs: seconds * 1000,
  };
}

function splitOnce(word: string): [string, string?] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}

function usage(why: string): Rejected {
  return rejected('bad_request', `regent init: ${why}. See: regent init --help`);
}
