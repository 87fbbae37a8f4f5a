import Type, { type Static } from 'typebox';
import { InnerPart } from '../kit/inner-trust.ts';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const ADDRESS = '^[0-9a-f.:]{2,45}$';
const Member = Type.Object({ name: Type.String({ pattern: LABEL }), address: Type.String({ pattern: ADDRESS }) });
const Path = Type.String({ pattern: '^(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){1,8}$' });
const Folder = Type.String({ pattern: '^/(?:srv|mnt|media)(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){1,7}$' });
const PrivateKey = Type.String({
  pattern:
    '^-----BEGIN (?:OPENSSH |RSA |EC )?PRIVATE KEY-----\\n(?:[A-Za-z0-9+/]{1,76}={0,2}\\n){1,400}-----END (?:OPENSSH |RSA |EC )?PRIVATE KEY-----\\n$',
});

/** Where the backups go. `secret`: the private key for SFTP, the secret key of S3 (`maskBackup`). */
const Store = Type.Union([
  Type.Object({ kind: Type.Literal('folder'), path: Folder }),
  Type.Object({
    kind: Type.Literal('sftp'),
    path: Path,
    host: Type.String({ pattern: '^[a-z0-9.-]{1,253}$' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    user: Type.String({ pattern: '^[a-z_][a-z0-9_-]{0,31}$' }),
    fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    secret: PrivateKey,
  }),
  Type.Object({
    kind: Type.Literal('s3'),
    path: Path,
    endpoint: Type.String({ pattern: '^[a-z0-9.-]{1,253}$' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    bucket: Type.String({ pattern: '^[a-z0-9.-]{3,63}$' }),
    region: Type.String({ pattern: '^[a-z0-9-]{1,63}$' }),
    accessKey: Type.String({ pattern: '^[A-Za-z0-9_.-]{3,128}$' }),
    isPathStyle: Type.Boolean(),
    secret: Type.String({ pattern: '^[A-Za-z0-9/+_.-]{8,256}$' }),
    authority: Type.Optional(Type.String({ maxLength: 16_384 })),
  }),
]);

/**
 * Desired state of backups on a region node. `others`: the other region nodes, which a backup reaches through their pgBackRest. `cipher` is
 * secret, too (`maskBackup`).
 */
export const BackupDesired = Type.Object({
  name: Type.String({ pattern: LABEL }),
  address: Type.String({ pattern: ADDRESS }),
  others: Type.Array(Member, { maxItems: 64 }),
  /** Whom it lets in; left out: every node of the cluster. */
  inner: Type.Optional(InnerPart),
  store: Store,
  storeId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  cipher: Type.String({ pattern: '^[A-Za-z0-9_-]{32,128}$' }),
  retainFull: Type.Integer({ minimum: 1, maximum: 1000 }),
  /** Left out: by their number. */
  retainDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
  quotaMb: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
  queueMb: Type.Integer({ minimum: 16, maximum: 1_000_000 }),
  /** The newest recoveries of the cluster, by which it knows its own store; left out: it never was recovered. */
  epochs: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9a-f]{8}$' }), { maxItems: 40 })),
});
export type BackupDesired = Static<typeof BackupDesired>;
