import type {
  Backup,
  BackupDrill,
  BackupStore,
  BackupTarget,
  BackupTargetSet,
} from '../../../contract/cluster/backup.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { integer, need, option, text } from '../../values.ts';
import { move, optionsOf } from './move.ts';

const PATIENCE_S = 3600;
const MB = 1_000_000;
const SSH_PORT = 22;
const TLS_PORT = 443;

const TARGET: Shape<BackupTarget> = {
  kind: 'backup target',
  name: (target) => placeOf(target.store),
  columns: [
    { header: 'store', value: (target) => placeOf(target.store) },
    { header: 'recovery key', value: (target) => target.fingerprint },
    { header: 'ready', value: (target) => (target.preparedAt === null ? 'not yet' : stamp(target.preparedAt)) },
    { header: 'full every', value: (target) => hours(target.fullEvery) },
    { header: 'backup every', value: (target) => hours(target.incrementalEvery) },
    { header: 'drill every', value: (target) => hours(target.drillEvery) },
    { header: 'full backups', value: retention },
    { header: 'quota', wide: true, value: ({ quotaMb }) => (quotaMb === null ? 'none' : `${quotaMb} MB`) },
    { header: 'queue', wide: true, value: (target) => `${target.queueMb} MB` },
  ],
};

const BACKUP: Shape<Backup> = {
  kind: 'backup',
  name: (backup) => backup.label,
  columns: [
    { header: 'label', value: (backup) => backup.label },
    { header: 'type', value: (backup) => backup.type },
    { header: 'made', value: (backup) => stamp(backup.stoppedAt) },
    { header: 'database', value: (backup) => `${Math.ceil(backup.bytes / MB)} MB` },
    { header: 'stored', value: (backup) => `${Math.ceil(backup.storedBytes / MB)} MB` },
    { header: 'on', value: (backup) => backup.node ?? '' },
    { header: 'verified', value: (backup) => (backup.verifiedAt === null ? '' : stamp(backup.verifiedAt)) },
    { header: 'damaged', value: (backup) => (backup.isDamaged ? 'yes' : 'no') },
    { header: 'release', wide: true, value: (backup) => backup.release ?? '' },
    { header: 'log from', wide: true, value: (backup) => backup.walStart },
    { header: 'to', wide: true, value: (backup) => backup.walStop },
  ],
};

const DRILL: Shape<BackupDrill> = {
  kind: 'drill of a backup',
  name: (drill) => String(drill.id),
  columns: [
    { header: 'id', value: (drill) => String(drill.id) },
    { header: 'at', value: (drill) => stamp(drill.at) },
    { header: 'backup', value: (drill) => drill.label },
    { header: 'on', value: (drill) => drill.node },
    { header: 'verdict', value: (drill) => (drill.isPassed ? 'passed' : 'failed') },
    { header: 'restore', value: (drill) => `${drill.restoreSeconds} s` },
    { header: 'recovery', value: (drill) => `${drill.recoverySeconds} s` },
    {
      header: 'not held',
      value: (drill) =>
        drill.checks
          .filter(({ isHeld }) => !isHeld)
          .map(({ what }) => what)
          .join(', '),
    },
    {
      header: 'checks',
      wide: true,
      value: (drill) => drill.checks.map(({ what, detail }) => `${what}: ${detail}`).join('; '),
    },
  ],
};

const COUNTS = [
  { flags: '--keep-full <n>', help: 'how many full backups stay, with what builds on them; 2 for a new target' },
  { flags: '--keep-days <n>', help: 'how many days they stay instead, 0: by their number' },
  {
    flags: '--quota <mb>',
    help: 'how much the backups may be; the oldest go first, then a backup is refused; 0: no limit',
  },
  { flags: '--full-every <hours>', help: 'hours between two full backups, 0: only on request; 168 for a new target' },
  { flags: '--every <hours>', help: 'hours between two backups of any type, 0: only on request; 24 for a new target' },
  { flags: '--drill-every <hours>', help: 'hours between two drills, 0: only on request; 168 for a new target' },
] as const;

/** `regent backup-target`. */
export const BACKUP_TARGET: NounSpec = {
  noun: 'backup-target',
  summary: 'where backups of the site go: a folder, SFTP or S3',
  commands: [
    {
      verb: 'show',
      summary: 'show the store and how often backups are made; secrets are never shown',
      run: async (call) => {
        const { client } = await call.region();
        await printOne(printerOf(call), TARGET, (await client.call('backup-target.show', {})).body);
      },
    },
    {
      verb: 'set',
      summary: 'say where backups go; prints the recovery key of a new target once',
      options: [
        {
          flags: '--folder <path>',
          help: 'a folder that every region node has, below /srv, /mnt or /media; user postgres writes it',
        },
        { flags: '--sftp <user@host[:port]>', help: 'a server with SFTP' },
        {
          flags: '--fingerprint <sha256>',
          help: "of the SFTP server's host key: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        },
        { flags: '--s3 <endpoint[:port]>', help: 'a server with the API of S3, over TLS' },
        { flags: '--bucket <name>', help: 'of S3' },
        { flags: '--region <name>', help: 'of S3; us-east-1 when left out' },
        { flags: '--access-id <id>', help: 'of S3, the public part' },
        { flags: '--path-style', help: 'S3: the bucket stands in the path' },
        { flags: '--authority <file>', help: "S3: certificate of the server's authority, PEM" },
        { flags: '--path <path>', help: 'path in the store of SFTP and S3; /regent when left out' },
        {
          flags: '--credential <file>',
          help: 'the private key for SFTP, or the secret key of S3; - for standard input',
        },
        { flags: '--key <file>', help: 'of a store that is in use already; - for standard input' },
        { flags: '--queue <mb>', help: "how much of the database's log may wait for the store; 1024 for a new target" },
        ...COUNTS,
      ],
      isChange: true,
      examples: [
        'regent backup-target set --folder /srv/backup',
        'regent backup-target set --sftp regent@backup.example.net --fingerprint SHA256:… --credential key.pem --path /data/regent',
        'regent backup-target set --s3 s3.example.net --bucket regent --access-id AK1 --credential - --path-style',
      ],
      run: async (call) =>
        await runChange(call, {
          route: 'backup-target.set',
          input: { body: await targetOf(call) },
          shape: TARGET,
          done: 'set',
          describe: describeTarget,
        }),
    },
    {
      verb: 'unset',
      summary: 'make no backups any more; what is in the store stays',
      isChange: true,
      run: (call) => runChange(call, { route: 'backup-target.unset', input: {}, shape: TARGET, done: 'unset' }),
    },
  ],
};

/** `regent backup`. */
export const BACKUP_NOUN: NounSpec = {
  noun: 'backup',
  summary: 'backups of the site, and their drills; to restore one: regent restore, on a fresh host',
  commands: [
    {
      verb: 'list',
      summary: 'list backups, the newest first',
      run: async (call) => {
        const { client } = await call.region();
        await printList(printerOf(call), BACKUP, (await client.call('backup.list', {})).body.items);
      },
    },
    {
      verb: 'create',
      summary: 'make a backup on a standby, while writes go on',
      options: [
        {
          flags: '--type <type>',
          help: 'incr when left out: what changed since the last one',
          values: ['full', 'diff', 'incr'],
        },
        ...optionsOf(PATIENCE_S),
      ],
      examples: ['regent backup create', 'regent backup create --type full --no-wait'],
      run: (call) => move(call, 'backup.create', { body: text(call, 'type') as { type?: 'full' } }, PATIENCE_S),
    },
    {
      verb: 'verify',
      summary: 'compare every file of the store with its checksum',
      options: optionsOf(PATIENCE_S),
      run: (call) => move(call, 'backup.verify', {}, PATIENCE_S),
    },
    {
      verb: 'delete',
      summary: 'delete a backup and those that build on it',
      args: [{ name: '<backup>', help: 'its label: regent backup list' }],
      options: optionsOf(PATIENCE_S),
      run: (call) => move(call, 'backup.delete', { params: { backup: need(call, 0) } }, PATIENCE_S),
    },
    {
      verb: 'schedule',
      summary: 'say how often backups and drills are made, and how many stay',
      options: [...COUNTS],
      isChange: true,
      examples: ['regent backup schedule --every 6 --full-every 168 --keep-full 4'],
      run: (call) => {
        const body = scheduleOf(call);
        if (Object.keys(body).length === 0)
          throw usageError('Nothing to set: give --every, --full-every, --drill-every or --keep-full.');
        return runChange(call, { route: 'backup.schedule', input: { body }, shape: TARGET, done: 'scheduled' });
      },
    },
    {
      verb: 'drill',
      summary: 'restore a backup into a database of its own on a region node, compare it, and remove it',
      options: [{ flags: '--label <label>', help: 'which backup; the newest when left out' }, ...optionsOf(PATIENCE_S)],
      run: (call) => move(call, 'backup.drill', { body: text(call, 'label') }, PATIENCE_S),
    },
    {
      verb: 'drills',
      summary: 'list drills with their checks, the newest first; -o json exports the reports',
      run: async (call) => {
        const { client } = await call.region();
        await printList(printerOf(call), DRILL, (await client.call('backup.drills', {})).body.items);
      },
    },
  ],
};

function retention({ retainDays, retainFull }: BackupTarget): string {
  return retainDays === null ? String(retainFull) : `${retainDays} days`;
}

function hours(every: number): string {
  return every === 0 ? 'on request' : `${every} h`;
}

function placeOf(store: BackupStore): string {
  if (store.kind === 'folder') return store.path;
  if (store.kind === 'sftp') return `sftp://${store.user}@${store.host}:${store.port}${store.path}`;
  return `s3://${store.bucket}${store.path} at ${store.endpoint}:${store.port}`;
}

function describeTarget(target: BackupTarget): string {
  const lines = [
    `Backups go to ${placeOf(target.store)}. The first full backup is made within minutes: regent backup list`,
  ];
  if (target.recoveryKey === null)
    return [...lines, `The recovery key stays the same: ${target.fingerprint}.`].join('\n');
  return [
    ...lines,
    'The recovery key opens every backup of this site. It is shown only this once. Store it away from the site, on paper too:',
    target.recoveryKey,
    `Its fingerprint, which regent doctor shows: ${target.fingerprint}`,
  ].join('\n');
}

async function targetOf(call: Call): Promise<BackupTargetSet> {
  const secret = await textOf(call, 'credential');
  const recoveryKey = await textOf(call, 'key');
  const queue = option(call, 'queue');
  return {
    store: await storeOf(call),
    ...(secret === undefined ? {} : { secret: secret.includes('-----') ? `${secret.trim()}\n` : secret.trim() }),
    ...(recoveryKey === undefined ? {} : { recoveryKey: recoveryKey.trim() }),
    ...(queue === undefined ? {} : { queueMb: integer(queue, '--queue') }),
    ...scheduleOf(call),
  };
}

async function storeOf(call: Call): Promise<BackupStore> {
  const [folder, sftp, s3] = ['folder', 'sftp', 's3'].map((name) => option(call, name));
  if ([folder, sftp, s3].filter((one) => one !== undefined).length !== 1)
    throw usageError('Which store? Give one of --folder PATH, --sftp USER@HOST and --s3 ENDPOINT.');
  const path = option(call, 'path') ?? '/regent';
  if (folder !== undefined) return { kind: 'folder', path: folder };
  if (sftp !== undefined) {
    const [, user = '', host = '', port] = /^([^@]+)@([^:]+)(?::(\d+))?$/.exec(sftp) ?? [];
    if (host === '') throw usageError(`--sftp: "${sftp}" is not USER@HOST or USER@HOST:PORT.`);
    const fingerprint = option(call, 'fingerprint');
    if (fingerprint === undefined)
      throw usageError('--fingerprint is missing: a host key that nobody checked is no proof.');
    return { kind: 'sftp', user, host, port: integer(port ?? String(SSH_PORT), '--sftp'), path, fingerprint };
  }
  const [, endpoint = '', port] = /^([^:]+)(?::(\d+))?$/.exec(s3 ?? '') ?? [];
  const [bucket, accessKey] = [option(call, 'bucket'), optionOf(call, 'access-id')];
  if (endpoint === '' || bucket === undefined || accessKey === undefined)
    throw usageError('S3 needs --s3 ENDPOINT, --bucket NAME and --access-id ID.');
  const authority = await textOf(call, 'authority');
  return {
    kind: 's3',
    endpoint,
    port: integer(port ?? String(TLS_PORT), '--s3'),
    bucket,
    region: option(call, 'region') ?? 'us-east-1',
    path,
    accessKey,
    isPathStyle: call.options['pathStyle'] === true,
    ...(authority === undefined ? {} : { authority: `${authority.trim()}\n` }),
  };
}

function scheduleOf(call: Call) {
  const members = {
    'keep-full': 'retainFull',
    'keep-days': 'retainDays',
    quota: 'quotaMb',
    'full-every': 'fullEvery',
    every: 'incrementalEvery',
    'drill-every': 'drillEvery',
  };
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, member]) => {
      const value = optionOf(call, name);
      return value === undefined ? [] : [[member, integer(value, `--${name}`)]];
    }),
  );
}

/** commander names an option `--keep-full` keepFull. */
function optionOf(call: Call, name: string): string | undefined {
  return (
    option(call, name) ??
    option(
      call,
      name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    )
  );
}

async function textOf(call: Call, name: string): Promise<string | undefined> {
  const path = optionOf(call, name);
  if (path === undefined) return undefined;
  const found =
    path === '-' ? await call.io.readInput() : await call.io.readFile(path.replace(/^~(?=\/)/, call.io.home ?? '~'));
  if (found === null) throw usageError(`There is no file "${path}".`);
  return found.replaceAll('\r\n', '\n');
}
