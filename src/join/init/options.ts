import { isRejected, type Rejected } from '../../core/errors.ts';
import { parseVip } from '../../model/cluster/cluster.ts';
import { parseDomainName } from '../../model/names/names.ts';
import { checkPublicSuffix, checkSpecialName } from '../../model/names/special-use.ts';
import { parseNodeName } from '../../model/cluster/node-identity.ts';
import { parseArguments, parseTimeout, usage } from '../arguments.ts';
import { parseConfFile } from '../../core/conf-file.ts';
import { parseReachableAddress } from '../../model/names/reachable-address.ts';

/** Options of `regent init`; null: to be found out on the host. `vip`: `ADDRESS/PREFIX`, null for none. */
export interface InitOptions {
  readonly name: string | null;
  readonly domain: string | null;
  readonly address: string | null;
  readonly vip: string | null;
  readonly virtualRouter: number | null;
  /** The host is also a rack. */
  readonly isRack: boolean;
  /** File with the URLs of the operator's own database, `-` for standard input. Null: DATABASE_URL of regent.conf, if that is set. */
  readonly databaseFile: string | null;
  readonly isJson: boolean;
  readonly deadlineMs: number;
}

/** Usage of `regent init`. */
export const INIT_HELP = `Usage: regent init [seed-file] [options]

Make this host the first region node of a new cluster: authority, etcd, PostgreSQL under Patroni, haproxy, the floating
address, every region service, the first admin. After an interruption, run it again. On a host that is complete it changes nothing.

Arguments:
  seed-file           KEY=VALUE lines: NAME, ADDRESS, VIP, VIRTUAL_ROUTER, DOMAIN, DATABASE_FILE, RACK (yes or no);
                      options override them

Options:
  --vip <a/p>         floating address of the region nodes with its network's prefix, such as 192.0.2.10/24
  --single            no floating address, and this host is also a rack: an all-in-one node, which others may join later
  --rack              this host is also a rack
  --name <name>       name of this node (default: the host's name)
  --address <ip>      where others reach this node (default: its first global IPv4 address)
  --domain <domain>   domain of nodes, and of machines that name none (default: regent.internal)
  --virtual-router <n>  VRRP's number on that network, 1 to 255 (default: 51)
  --database <file>   your own PostgreSQL instead of Regent's: a file with the URLs of its servers (- reads standard input), such as
                      postgresql://USER:PASSWORD@HOST1,HOST2/NAME?sslmode=verify-full; this node then runs no database
  --timeout <s>       how long to wait until everything is healthy (default: 180)
  --adopt             only make the single node of an earlier version the first member of a cluster, in place
                      (scripts/install does it)
  --json              print one JSON object {url, apiKey?, nodeId, already} on stdout
  -h, --help          print this help
`;

/** Defaults. */
export const INIT_DEFAULTS = { domain: 'regent.internal', virtualRouter: 51 } as const;

const RULES = {
  command: 'init',
  values: ['--vip', '--name', '--domain', '--address', '--virtual-router', '--database', '--timeout'],
  flags: ['--single', '--rack', '--adopt', '--json'],
  maxOperands: 1,
};
const TIMEOUT_DEFAULT_S = 180;
const SEED_KEYS = ['NAME', 'ADDRESS', 'VIP', 'VIRTUAL_ROUTER', 'DOMAIN', 'DATABASE_FILE', 'RACK'];

/** The arguments of `init` before a seed file is read. */
export interface InitArguments {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  readonly seedFile: string | null;
}

/** Parses the arguments after `init`; `help` if they request help. */
export function parseInitArguments(argv: readonly string[]): InitArguments | 'help' | Rejected {
  const given = parseArguments(argv, RULES);
  if (given === 'help' || isRejected(given)) return given;
  return { values: given.values, flags: given.flags, seedFile: given.operands[0] ?? null };
}

/** The options. `seed`: text of the seed file, with its name for errors. */
export function readInitOptions(
  { values, flags }: InitArguments,
  seed: { readonly name: string; readonly text: string } | null,
): InitOptions | Rejected {
  const file = seed === null ? new Map<string, string>() : parseConfFile(seed.name, seed.text);
  if (isRejected(file)) return file;
  const unknownKey = [...file.keys()].find((key) => !SEED_KEYS.includes(key));
  if (unknownKey !== undefined)
    return usage(RULES, `${seed?.name}: ${unknownKey} is not known; known are ${SEED_KEYS.join(', ')}`);
  const pick = (flag: string, key: string) => values.get(flag) ?? (file.get(key) || undefined);
  // A refusal names the place of the value.
  const placeOf = (flag: string, key: string) => (values.has(flag) ? flag : `${seed?.name}: ${key}`);
  const isSingle = flags.has('--single');
  const vip = optional(values.get('--vip') ?? (isSingle ? undefined : file.get('VIP') || undefined), (text) =>
    parseVip(text),
  );
  const rack = file.get('RACK') ?? 'no';
  if (!['yes', 'no', ''].includes(rack)) return usage(RULES, `${seed?.name}: RACK is yes or no`);
  if (isSingle && values.has('--vip'))
    return usage(
      RULES,
      '--single and --vip exclude each other: --single sets up no floating address. Leave one of them out',
    );
  if (!isSingle && vip === null)
    return usage(
      RULES,
      'give the floating address of the region nodes (--vip ADDRESS/PREFIX, or VIP= in the seed file), or --single for none',
    );
  return checked({
    name: optional(pick('--name', 'NAME'), (text) => parseNodeName(text, placeOf('--name', 'NAME'))),
    domain: optional(pick('--domain', 'DOMAIN'), (text) => parseOwnDomain(text, placeOf('--domain', 'DOMAIN'))),
    address: optional(pick('--address', 'ADDRESS'), (text) =>
      parseReachableAddress(text, placeOf('--address', 'ADDRESS')),
    ),
    vip,
    virtualRouter: optional(pick('--virtual-router', 'VIRTUAL_ROUTER'), (text) =>
      parseVirtualRouter(text, placeOf('--virtual-router', 'VIRTUAL_ROUTER')),
    ),
    isRack: isSingle || flags.has('--rack') || rack === 'yes',
    databaseFile: pick('--database', 'DATABASE_FILE') ?? null,
    isJson: flags.has('--json'),
    deadlineMs: parseTimeout(RULES, values.get('--timeout'), TIMEOUT_DEFAULT_S),
  });
}

type Unchecked = { readonly [K in keyof InitOptions]: InitOptions[K] | Rejected };

function checked(options: Unchecked): InitOptions | Rejected {
  for (const value of Object.values(options)) if (isRejected(value)) return value;
  return options as InitOptions;
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | null {
  return text === undefined ? null : parse(text);
}

/** The cluster's own domain: none with a special use, and no public top-level domain. */
function parseOwnDomain(text: string, field: string): string | Rejected {
  const name = parseDomainName(text, field);
  if (isRejected(name)) return name;
  return checkSpecialName(name, field) ?? checkPublicSuffix(name, false, field) ?? name;
}

function parseVirtualRouter(text: string, field: string): number | Rejected {
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 && number <= 255
    ? number
    : usage(RULES, `${field} is a whole number from 1 to 255`);
}
