import { PORTS } from '../../model/cluster/cluster.ts';
import { SEGMENT_MB } from '../../model/cluster/backup.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import type { FileSpec } from '../kit/contract.ts';
import { pemLines } from '../kit/pem-lines.ts';
import type { BackupDesired } from './desired.ts';
import { CERTIFICATE_GRAMMAR, CLIENTS_GRAMMAR, CONF_GRAMMAR, JSON_GRAMMAR, KEY_GRAMMAR } from './grammar.ts';

/** Regent's own folder of backups. */
export const FOLDER = '/etc/regent/backup';
export const PGBACKREST_CONF = `${FOLDER}/pgbackrest.conf`;
export const BACKUP_JSON = `${FOLDER}/backup.json`;
const CLIENTS_CRT = `${FOLDER}/clients.crt`;

/** What the templates of `backup` see. Lists of one element stand for parts that a kind of store has. */
export interface BackupView {
  readonly name: string;
  readonly address: string;
  readonly kind: string;
  readonly repoType: string;
  readonly path: string;
  readonly storeId: string;
  readonly cipher: string;
  /** A number of full backups, or of days. */
  readonly retain: number;
  readonly retainType: 'count' | 'time';
  readonly quotaMb: number;
  readonly queueMb: number;
  readonly queueSegments: number;
  /** Recoveries of the cluster, apart by spaces. */
  readonly epochs: string;
  readonly serverPort: number;
  readonly standby: string;
  readonly clientsFile: string;
  readonly others: readonly {
    readonly name: string;
    readonly address: string;
    readonly number: number;
    readonly serverPort: number;
  }[];
  readonly folders: readonly { readonly path: string }[];
  readonly sftp: readonly {
    /** Without the first slash, as in `s3`. */
    readonly tail: string;
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly fingerprint: string;
  }[];
  readonly s3: readonly {
    readonly tail: string;
    readonly endpoint: string;
    readonly port: number;
    readonly bucket: string;
    readonly region: string;
    readonly accessKey: string;
    readonly secret: string;
    readonly uriStyle: string;
    readonly hasAuthority: boolean;
  }[];
  readonly authorities: readonly { readonly authority: readonly string[] }[];
  readonly storeAuthorities: readonly { readonly storeAuthority: readonly string[] }[];
  readonly keys: readonly {
    readonly isOpenssh: boolean;
    readonly isRsa: boolean;
    readonly isEc: boolean;
    readonly isPkcs8: boolean;
    readonly keyLines: readonly string[];
  }[];
}

const READABLE = { mode: 0o640, owner: 'root', group: 'postgres' } as const;

/** pgBackRest's file comes last: when it is there, all that it names is. */
export const BACKUP_FILES: readonly FileSpec<BackupView>[] = [
  {
    ...READABLE,
    template: 'clients.crt.hbs',
    comment: null,
    grammar: CLIENTS_GRAMMAR,
    instances: ({ authorities }) => authorities.map((view) => ({ target: CLIENTS_CRT, view })),
  },
  {
    ...READABLE,
    template: 'store.crt.hbs',
    comment: null,
    grammar: CERTIFICATE_GRAMMAR,
    instances: ({ storeAuthorities }) => storeAuthorities.map((view) => ({ target: `${FOLDER}/store.crt`, view })),
  },
  {
    ...READABLE,
    template: 'sftp.key.hbs',
    comment: null,
    grammar: KEY_GRAMMAR,
    instances: ({ keys }) => keys.map((view) => ({ target: `${FOLDER}/sftp.key`, view })),
  },
  {
    ...READABLE,
    template: 'backup.json.hbs',
    format: 'json',
    grammar: JSON_GRAMMAR,
    instances: (view) => [{ target: BACKUP_JSON, view }],
  },
  {
    ...READABLE,
    template: 'pgbackrest.conf.hbs',
    grammar: CONF_GRAMMAR,
    instances: (view) => [{ target: PGBACKREST_CONF, view }],
  },
];

/** Makes the templates' view of a desired state. */
export function viewBackup(desired: BackupDesired): BackupView {
  const { name, address, store, storeId, cipher, retainFull, retainDays, quotaMb, queueMb, inner, epochs } = desired;
  const others = desired.others.map((other, index) => ({ ...other, number: index + 2, serverPort: PORTS.backup }));
  return {
    name,
    address,
    kind: store.kind,
    repoType: store.kind === 'folder' ? 'posix' : store.kind,
    path: store.path,
    storeId,
    cipher,
    retain: retainDays ?? retainFull,
    retainType: retainDays === undefined ? 'count' : 'time',
    quotaMb: quotaMb ?? 0,
    queueMb,
    queueSegments: Math.max(1, Math.floor(queueMb / SEGMENT_MB)),
    epochs: (epochs ?? []).join(' '),
    serverPort: PORTS.backup,
    // "prefer": of a cluster whose standbys are away there is a backup from the primary.
    standby: others.length > 0 ? 'prefer' : 'n',
    clientsFile: inner === undefined ? TRUST_FILES.authority.path : CLIENTS_CRT,
    others,
    folders: store.kind === 'folder' ? [{ path: store.path }] : [],
    sftp:
      store.kind === 'sftp'
        ? [
            {
              tail: store.path.slice(1),
              host: store.host,
              port: store.port,
              user: store.user,
              fingerprint: store.fingerprint,
            },
          ]
        : [],
    s3:
      store.kind === 's3'
        ? [
            {
              tail: store.path.slice(1),
              endpoint: store.endpoint,
              port: store.port,
              bucket: store.bucket,
              region: store.region,
              accessKey: store.accessKey,
              secret: store.secret,
              uriStyle: store.isPathStyle ? 'path' : 'host',
              hasAuthority: store.authority !== undefined,
            },
          ]
        : [],
    authorities: inner === undefined ? [] : [{ authority: pemLines(inner.authority) }],
    storeAuthorities:
      store.kind === 's3' && store.authority !== undefined ? [{ storeAuthority: pemLines(store.authority) }] : [],
    keys: store.kind === 'sftp' ? [keyView(store.secret)] : [],
  };
}

function keyView(pem: string): BackupView['keys'][number] {
  const has = (mark: string) => pem.startsWith(`-----BEGIN ${mark}-----`);
  return {
    isOpenssh: has('OPENSSH PRIVATE KEY'),
    isRsa: has('RSA PRIVATE KEY'),
    isEc: has('EC PRIVATE KEY'),
    isPkcs8: has('PRIVATE KEY'),
    keyLines: pemLines(pem),
  };
}
