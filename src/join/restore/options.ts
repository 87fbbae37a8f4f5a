import { isRejected, type Rejected } from '../../core/errors.ts';
import { type BackupStore, hexFingerprint, refuseStore } from '../../model/cluster/backup.ts';
import { parseVip } from '../../model/cluster/cluster.ts';
import { parseNodeName } from '../../model/cluster/node-identity.ts';
import { parseReachableAddress } from '../../model/names/reachable-address.ts';
import { parseArguments, parseTimeout, usage } from '../arguments.ts';

/** Options of `regent restore`. Files: `-` is standard input; null: not given. Times in ms. */
export interface RestoreOptions {
  readonly store: BackupStore;
  readonly secretFile: string | null;
  readonly authorityFile: string | null;
  readonly keyFile: string | null;
  /** The moment to restore; null: as far as the archive goes. */
  readonly at: number | null;
  readonly label: string | null;
  readonly name: string | null;
  readonly address: string | null;
  /** Another floating address; null: that of the site. */
  readonly vip: string | null;
  readonly site: string | null;
  /** The host whose unfinished restore of the site was given up; null: none. */
  readonly supersede: string | null;
  readonly isCheck: boolean;
  readonly isJson: boolean;
  readonly deadlineMs: number;
}

/** Usage of `regent restore`. */
export const RESTORE_HELP = `Usage: regent restore STORE [options]

Make this fresh host the first region node of a site that is lost, from its backups: database, authority, passwords. It says what
will be there and what is lost before it changes anything, and asks for the site's name. The site gets a new epoch, so the old
nodes can speak with it no more. Other hosts join as usual: regent token create --role region. Racks come back by themselves if
they reach the floating address. Refused while the old site answers. May be run again after an interruption.

Store, one of:
  --folder <path>            a folder, below /srv, /mnt or /media
  --sftp <user@host[:port]>  with --fingerprint <SHA256:…> and --credential <file>, the private key
  --s3 <endpoint[:port]>     with --bucket <name>, --access-id <id>, --credential <file>; --region <name>, --path-style,
                             --authority <file>
  --path <path>              path in the store of SFTP and S3 (/regent)

Options:
  --key <file>  the recovery key; - reads standard input; without it the command asks
  --at <time>            the moment to restore, such as 2026-11-30T21:14:00Z (as far as the archive goes)
  --backup <label>       the backup to begin with (the newest that fits)
  --name <name>          name of this node (the host's name)
  --address <ip>         where others reach this node (its first global IPv4 address)
  --vip <a/p>            another floating address (that of the site)
  --check                only say what there is and what is lost; change nothing
  --site <name>          the site's name, for scripts, which cannot answer a question
  --supersede <name>     the host whose unfinished restore of this site was given up
  --timeout <s>          how long to wait until the node serves, without the copying of data (600)
  --json                 print one JSON object on stdout
  -h, --help             print this help
`;

const RULES = {
  command: 'restore',
  values:
    '--folder --sftp --fingerprint --s3 --bucket --region --access-id --credential --authority --path --key --at --backup --name --address --vip --site --supersede --timeout'.split(
      ' ',
    ),
  flags: ['--path-style', '--check', '--json'],
  maxOperands: 0,
};
const TIMEOUT_S = 600;
const LABEL = /^\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?$/;

/** Parses the arguments after `restore`; `help` if they request help. */
export function parseRestoreOptions(argv: readonly string[]): RestoreOptions | 'help' | Rejected {
  const given = parseArguments(argv, RULES);
  if (given === 'help' || isRejected(given)) return given;
  const { values, flags } = given;
  const store = parseStore(values, flags);
  if (isRejected(store)) return store;
  const at = parseMoment(values.get('--at'));
  const label = values.get('--backup') ?? null;
  if (label !== null && !LABEL.test(label)) return usage(RULES, '--backup is a label such as 20261130-221500F');
  const name = optional(values.get('--name'), (text) => parseNodeName(text, '--name'));
  const address = optional(values.get('--address'), (text) => parseReachableAddress(text, '--address'));
  const vip = optional(values.get('--vip'), (text) => parseVip(text));
  const deadlineMs = parseTimeout(RULES, values.get('--timeout'), TIMEOUT_S);
  for (const value of [at, name, address, vip, deadlineMs]) if (isRejected(value)) return value;
  return {
    store,
    secretFile: values.get('--credential') ?? null,
    authorityFile: values.get('--authority') ?? null,
    keyFile: values.get('--key') ?? null,
    at: at as number | null,
    label,
    name: name as string | null,
    address: address as string | null,
    vip: vip as string | null,
    site: values.get('--site') ?? null,
    supersede: values.get('--supersede') ?? null,
    isCheck: flags.has('--check'),
    isJson: flags.has('--json'),
    deadlineMs: deadlineMs as number,
  };
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | null {
  return text === undefined ? null : parse(text);
}

function parseMoment(text: string | undefined): number | null | Rejected {
  if (text === undefined) return null;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(at) ? usage(RULES, '--at is a time with its zone, such as 2026-11-30T21:14:00Z') : at;
}

function parseStore(values: ReadonlyMap<string, string>, flags: ReadonlySet<string>): BackupStore | Rejected {
  const [folder, sftp, s3] = ['--folder', '--sftp', '--s3'].map((name) => values.get(name));
  if ([folder, sftp, s3].filter((one) => one !== undefined).length !== 1)
    return usage(RULES, 'name the store: one of --folder, --sftp and --s3');
  const path = values.get('--path') ?? '/regent';
  const store =
    folder !== undefined
      ? ({ kind: 'folder', path: folder } as const)
      : sftp !== undefined
        ? sftpOf(sftp, path, values)
        : s3Of(s3 ?? '', path, values, flags);
  return refuseStore(store) ?? store;
}

function sftpOf(text: string, path: string, values: ReadonlyMap<string, string>): BackupStore {
  const [, user = '', host = '', port = '22'] = /^([^@]+)@([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return {
    kind: 'sftp',
    user,
    host,
    port: Number(port),
    path,
    fingerprint: hexFingerprint(values.get('--fingerprint') ?? ''),
  };
}

function s3Of(
  text: string,
  path: string,
  values: ReadonlyMap<string, string>,
  flags: ReadonlySet<string>,
): BackupStore {
  const [, endpoint = '', port = '443'] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return {
    kind: 's3',
    endpoint,
    port: Number(port),
    path,
    bucket: values.get('--bucket') ?? '',
    region: values.get('--region') ?? 'us-east-1',
    accessKey: values.get('--access-id') ?? '',
    isPathStyle: flags.has('--path-style'),
  };
}
