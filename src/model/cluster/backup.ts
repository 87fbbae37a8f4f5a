import { invalid, type Rejected, show } from '../../core/errors.ts';

/** Where backups go. Paths are absolute. */
export type BackupStore =
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 'sftp';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly path: string;
      /** SHA-256 of the server's host key, hexadecimal. */
      readonly fingerprint: string;
    }
  | {
      readonly kind: 's3';
      readonly endpoint: string;
      readonly port: number;
      readonly bucket: string;
      readonly region: string;
      readonly path: string;
      readonly accessKey: string;
      /** The bucket stands in the path of a URL instead of in the name of the host. */
      readonly isPathStyle: boolean;
      /** Certificates of the server's authority, PEM; left out: those of the operating system. */
      readonly authority?: string;
    };

/** What the store asks for and nobody else may read: the private key of SFTP (PEM), the secret key of S3, '' for a folder. */
export type StoreSecret = string;

/** The backups of the site, as its region nodes make them. */
export interface BackupPlan {
  readonly store: BackupStore;
  readonly storeSecret: StoreSecret;
  /** By it pgBackRest encrypts every file of the store. */
  readonly cipher: string;
  /** Names the store; not secret. */
  readonly storeId: string;
  /** How many full backups stay, with what builds on them and the log since the oldest. */
  readonly retainFull: number;
  /** Full backups stay so many days, instead of so many of them; null: by their number. */
  readonly retainDays: number | null;
  /** How much the backups in the store may be together, MB; null: no limit. */
  readonly quotaMb: number | null;
  /** How much of the log may wait on the primary's disk for the store, MB. */
  readonly queueMb: number;
}

/** Size of a segment of the log (`wal-segsize` of `patroni.yml`), MB. */
export const SEGMENT_MB = 1;

/** Below these a folder for backups lies: the unit may write nowhere else. */
const FOLDER_ROOTS = ['/srv', '/mnt', '/media'];
const PATH = /^(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){1,8}$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ACCESS_KEY = /^[A-Za-z0-9_.-]{3,128}$/;
const SECRET_KEY = /^[A-Za-z0-9/+_.-]{8,256}$/;
const PEM = /^-----BEGIN ([A-Z0-9 ]{3,40})-----\n(?:[A-Za-z0-9+/]{1,76}={0,2}\n)+-----END \1-----\n$/;
/** What stands in the first line of a private key that SFTP of pgBackRest (libssh2) reads. */
const KEY_MARKS = ['OPENSSH PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'PRIVATE KEY'];

/** Checks a store by these rules; null: it is right. */
export function refuseStore(store: BackupStore): Rejected | null {
  if (!PATH.test(store.path))
    return invalid(
      'path',
      `${show(store.path)} is no path`,
      'absolute, of letters, digits, ".", "_" and "-", at most 8 names',
    );
  if (store.kind === 'folder') {
    const isBelow = FOLDER_ROOTS.some((root) => store.path.startsWith(`${root}/`));
    return isBelow ? null : invalid('path', `${show(store.path)} is elsewhere`, `below ${FOLDER_ROOTS.join(', ')}`);
  }
  if (store.kind === 'sftp') {
    if (!HOST.test(store.host)) return invalid('host', `${show(store.host)} is no host`, 'a name or an IPv4 address');
    if (!USER.test(store.user)) return invalid('user', `${show(store.user)} is no user`, 'a user of the server');
    if (!/^[0-9a-f]{64}$/.test(store.fingerprint))
      return invalid(
        'fingerprint',
        'it is no SHA-256',
        'SHA256:… as ssh-keygen -lf prints it, or 64 hexadecimal digits',
      );
    return null;
  }
  if (!HOST.test(store.endpoint))
    return invalid('endpoint', `${show(store.endpoint)} is no host`, 'a name or an IPv4 address, without https://');
  if (!BUCKET.test(store.bucket))
    return invalid('bucket', `${show(store.bucket)} is no bucket`, '3 to 63 of a–z, 0–9, "." and "-"');
  if (!REGION.test(store.region))
    return invalid('region', `${show(store.region)} is no region`, 'such as eu-central-1');
  if (!ACCESS_KEY.test(store.accessKey))
    return invalid('accessKey', 'it has other characters', 'letters, digits, "_", "." and "-"');
  if (store.authority !== undefined && !(isPem(store.authority) && PEM.exec(store.authority)?.[1] === 'CERTIFICATE'))
    return invalid('authority', 'it is no certificate', 'one certificate, PEM');
  return null;
}

/** Checks the store's secret; the refusal never shows it. Null: it is right. */
export function refuseSecret({ kind }: BackupStore, secret: StoreSecret): Rejected | null {
  if (kind === 'folder') return secret === '' ? null : invalid('secret', 'a folder has none', 'left out');
  if (kind === 'sftp')
    return isPem(secret) && KEY_MARKS.includes(PEM.exec(secret)?.[1] ?? '')
      ? null
      : invalid('secret', 'it is no private key', 'an unencrypted private key, PEM or OpenSSH');
  return SECRET_KEY.test(secret)
    ? null
    : invalid('secret', 'it has other characters', '8 to 256 letters, digits and /+_.-');
}

const isPem = (text: string): boolean => text.length <= 16_384 && PEM.test(text);

/** A fingerprint as `ssh-keygen -lf` prints it (`SHA256:` and base64), as hexadecimal digits. Other texts stay as they are. */
export function hexFingerprint(text: string): string {
  const [, body] = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text.trim()) ?? [];
  if (body === undefined) return text.trim().toLowerCase();
  return Array.from(atob(`${body}=`), (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** A store in one line, without secrets. */
export function describeStore(store: BackupStore): string {
  if (store.kind === 'folder') return `folder ${store.path}`;
  if (store.kind === 'sftp') return `sftp://${store.user}@${store.host}:${store.port}${store.path}`;
  return `s3://${store.bucket}${store.path} at ${store.endpoint}:${store.port}`;
}
