import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, HOST, NUMBER } from '../kit/grammar/patterns.ts';

const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';
/** A path without its first slash. */
const TAIL = `${NAME}(?:/${NAME}){0,7}`;
const PATH = `/(?:srv|mnt|media)/${TAIL}`;
const SERVER = '[a-z0-9.-]{1,253}';
const BASE64 = '[A-Za-z0-9+/]{1,76}={0,2}';
const STORE_ID = /^[0-9a-f]{16}$/u;

/** pgBackRest starts programs (`cmd`, `cmd-ssh`); only the template names options, and none of these. */
export const CONF_GRAMMAR: FileGrammar = {
  names: 'pgbackrest\\.conf',
  values: {
    repoType: 'posix|sftp|s3',
    'folders.path': PATH,
    cipher: '[A-Za-z0-9_-]{32,128}',
    retain: NUMBER,
    retainType: 'count|time',
    queueMb: NUMBER,
    serverPort: NUMBER,
    standby: 'prefer|n',
    address: ADDRESS,
    clientsFile: '/etc/regent/pki/ca\\.crt|/etc/regent/backup/clients\\.crt',
    'others.name': HOST,
    'others.address': ADDRESS,
    'others.number': NUMBER,
    'others.serverPort': NUMBER,
    'sftp.tail': TAIL,
    'sftp.host': SERVER,
    'sftp.port': NUMBER,
    'sftp.user': '[a-z_][a-z0-9_-]{0,31}',
    'sftp.fingerprint': '[0-9a-f]{64}',
    's3.tail': TAIL,
    's3.endpoint': SERVER,
    's3.bucket': SERVER,
    's3.region': '[a-z0-9-]{1,63}',
    's3.accessKey': '[A-Za-z0-9_.-]{3,128}',
    's3.secret': '[A-Za-z0-9/+_.-]{8,256}',
    's3.uriStyle': 'path|host',
    's3.port': NUMBER,
  },
};

export const JSON_GRAMMAR: FileGrammar = {
  names: 'backup\\.json',
  members: {
    name: { kind: 'text', max: 63, pattern: new RegExp(`^${HOST}$`, 'u') },
    kind: { kind: 'text', max: 8, pattern: /^(?:folder|sftp|s3)$/u },
    path: { kind: 'text', max: 601, pattern: new RegExp(`^/${TAIL}$`, 'u') },
    storeId: { kind: 'text', max: 16, pattern: STORE_ID },
    quotaMb: { kind: 'whole', least: 0, most: 1_000_000_000 },
    queueSegments: { kind: 'whole', least: 1, most: 1_000_000 },
    epochs: { kind: 'text', max: 359, pattern: /^(?:[0-9a-f]{8}(?: [0-9a-f]{8})*)?$/u },
  },
};

export const CLIENTS_GRAMMAR: FileGrammar = { names: 'clients\\.crt', values: { authority: BASE64 } };
export const CERTIFICATE_GRAMMAR: FileGrammar = { names: 'store\\.crt', values: { storeAuthority: BASE64 } };
export const KEY_GRAMMAR: FileGrammar = { names: 'sftp\\.key', values: { keyLines: BASE64 } };
