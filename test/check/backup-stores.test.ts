import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStore, writeStoreFiles } from '../../src/join/restore/store.ts';
import type { HostPorts } from '../../src/join/ports.ts';
import type { BackupDesired } from '../../src/services/backup/desired.ts';
import { drawn } from '../kit/drawn.ts';
import { BackupHost, backupDesired, RECOVERY_KEY, STORE } from '../kit/cluster/backup-host.ts';
import {
  S3_HOST,
  S3_PORT,
  type S3Access,
  SFTP_PATH,
  type SftpAccess,
  StoreServer,
} from '../kit/cluster/store-server.ts';
import { patient } from '../kit/machine.ts';
import { until } from '../kit/until.ts';

type Store = BackupDesired['store'];
const SFTP_MB = 24;
const SLOW_PORT = 2222;
/** A write waits for no store: two starts of psql on a busy machine, where a push that hangs has 50 s. */
const WRITE_MS = 5000;
let node: BackupHost;
let server: StoreServer;
let sftp: SftpAccess;
let s3: S3Access;

const sftpStore = (changed: object = {}): Store =>
  ({ kind: 'sftp', path: SFTP_PATH, host: server.address, port: 22, user: 'regent', ...sftp, ...changed }) as Store;
const s3Store = (changed: object = {}): Store =>
  ({
    kind: 's3',
    path: '/regent',
    endpoint: S3_HOST,
    port: S3_PORT,
    bucket: 'site-1',
    region: 'eu-central-1',
    isPathStyle: true,
    ...s3,
    ...changed,
  }) as Store;
const STORES: Readonly<Record<string, () => Store>> = {
  SFTP: sftpStore,
  'S3, the bucket in the path': s3Store,
  'S3, the bucket in the name of the host': () => s3Store({ isPathStyle: false, path: '/other' }),
};

/** Writes a segment while the store is ill; how long the slowest write took, ms. */
async function writes(segments: number): Promise<number> {
  let slowest = 0;
  for (let n = 0; n < segments; n += 1) {
    const start = performance.now();
    await node.write(1);
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}

/** Waits until the node says why the archive does not go on. */
const failure = (pattern: RegExp) =>
  until(
    `the archive says ${pattern}`,
    async () => {
      const archive = (await node.state())?.archive;
      return pattern.test(archive?.failure ?? '') ? archive : null;
    },
    { deadlineMs: patient(90_000), everyMs: 200 },
  );

/** What `regent restore` reads of the store on a host that has only the key of the store. */
async function readByRestore(store: Store) {
  const { secret = '', authority = null, ...place } = store as Store & { secret?: string; authority?: string };
  const ports = {
    productRoot: '/opt/regent/current',
    host: {
      exec: (command: Parameters<HostPorts['host']['exec']>[0]) => node.host.exec(command),
      files: {
        read: async (path: string) => (await node.host.run(['cat', path])).stdout,
        install: async ({ path, content, ...access }: { path: string; content: string }) =>
          node.host.write(path, content, access),
      },
    },
  } as unknown as HostPorts;
  await writeStoreFiles(ports, { store: place as never, secret, authority, recoveryKey: RECOVERY_KEY });
  return await readStore(ports, { at: null, label: null });
}

beforeAll(async () => {
  node = await BackupHost.open();
  server = await StoreServer.open(node.host);
  sftp = await server.startSftp(SFTP_MB);
  s3 = await server.startS3();
}, 300_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
});

describe('stores on another host, by their real servers', () => {
  it.each(Object.entries(STORES))(
    '%s: made, backed up, verified, listed, restored, deleted, read by a restore',
    async (_name, storeOf) => {
      const store = storeOf();
      await node.install(backupDesired(store));
      expect(await node.perform({ verb: 'prepare' })).toMatchObject({ state: 'done' });
      const made = await node.perform({ verb: 'create', type: 'full', notes: { site: 'regent-1' } });
      expect(made).toMatchObject({ state: 'done' });
      expect(await node.perform({ verb: 'create', type: 'full' })).toMatchObject({ state: 'done' });
      expect(await node.perform({ verb: 'verify' })).toMatchObject({ state: 'done' });
      await node.write(1);
      await node.drained();
      const newest = Number(await node.sql('select max(id) from events'));
      const drilled = await node.perform({ verb: 'drill' });
      expect(drilled.result?.['facts']).toMatchObject({ lastEvent: newest, ledgerRows: 2000, damaged: [] });
      const found = await readByRestore(store);
      expect(found.backups.map(({ notes }) => notes['site'])).toEqual(['regent-1', undefined]);
      expect(found.archivedAt).toBeGreaterThan(Date.now() - 120_000);
      const label = String(made.result?.['made']);
      const removed = await node.perform({ verb: 'delete', label });
      const left = removed.result?.['store'] as { backups: { label: string }[] } | undefined;
      expect(left?.backups.length).toBeGreaterThan(0);
      expect(left?.backups.map((one) => one.label)).not.toContain(label);
    },
    patient(180_000),
  );

  it(
    'says what is wrong with a target',
    async () => {
      const wrong: [string, Store, RegExp][] = [
        ['host key', sftpStore({ fingerprint: '0'.repeat(64) }), /shows another host key \(SHA-256 [0-9a-f]{64}\)/],
        ['user', sftpStore({ user: 'nobody' }), /does not let this user in by this key/],
        ['path', sftpStore({ path: '/root/store' }), /may not write in the path/],
        ['name', sftpStore({ host: 'nothing.example.net' }), /nothing\.example\.net has no address/],
        ['port', sftpStore({ port: 23 }), /does not answer at 10\.9\.0\.2:23/],
        ['secret key', s3Store({ secret: 'another-secret' }), /refuses the access id or its secret key/],
        ['access id', s3Store({ accessKey: 'AKNOBODY' }), /refuses the access id or its secret key/],
        ['bucket', s3Store({ bucket: 'site-2' }), /no such bucket/],
        ['authority', s3Store({ authority: undefined }), /not of an authority that this host knows/],
      ];
      for (const [what, store, sentence] of wrong) {
        await node.install(backupDesired(store));
        const end = await node.perform({ verb: 'prepare' }, patient(90_000));
        expect(end, what).toMatchObject({ state: 'failed', sentence: expect.stringMatching(sentence) });
        await expect(readByRestore(store), what).rejects.toThrow(sentence);
      }
    },
    patient(400_000),
  );

  it.each([
    ['sshd', () => server.switchSftp(false), () => server.switchSftp(true)],
    ['the cable', () => server.plug(false), () => server.plug(true)],
  ])(
    'lets writes go on while %s is gone, and archives what waited',
    async (_what, away, back) => {
      await node.install(backupDesired(sftpStore()));
      await node.drained();
      await away();
      expect(await writes(6)).toBeLessThan(patient(WRITE_MS));
      const ill = await failure(/does not answer|no end within/);
      expect(ill.waiting).toBeGreaterThan(2);
      expect(ill.gapAt).toBeNull();
      await back();
      await node.drained();
      expect((await node.state())?.archive).toMatchObject({ failure: null, gapAt: null });
    },
    patient(240_000),
  );

  it(
    'lets writes go on while the store is slow',
    async () => {
      const slow = node.host.startBeside([
        process.execPath,
        new URL('../kit/slow-way.ts', import.meta.url).pathname,
        String(SLOW_PORT),
        server.address,
        '22',
        '4000',
      ]);
      await new Promise((ready) => slow.stdout?.once('data', ready));
      await node.install(backupDesired(sftpStore({ host: '127.0.0.1', port: SLOW_PORT })));
      expect(await writes(6)).toBeLessThan(patient(WRITE_MS));
      expect((await node.state())?.archive.gapAt).toBeNull();
      await node.install(backupDesired(sftpStore()));
      slow.stdin?.end();
      await node.drained();
    },
    patient(240_000),
  );

  it.each([...drawn('the disk of the SFTP server'), ...drawn('the disk of the folder')])(
    'lets writes go on while %s is full, and a backup says so',
    async (which) => {
      const isFolder = which === 'the disk of the folder';
      const disk = isFolder ? node.host : server.host;
      const path = isFolder ? STORE : SFTP_PATH;
      if (isFolder) {
        const owner = (await node.host.run(['id', '-u', 'postgres'])).stdout.trim();
        await node.host.run(['mount', '-t', 'tmpfs', '-o', `size=24m,mode=700,uid=${owner}`, 'tmpfs', STORE]);
      }
      const store = isFolder ? backupDesired().store : sftpStore();
      await node.install(backupDesired(store));
      const prepared = isFolder ? await node.perform({ verb: 'prepare' }) : { state: 'done' };
      expect(prepared).toMatchObject({ state: 'done' });
      await node.drained();
      await disk.run(['sh', '-c', `dd if=/dev/zero of=${path}/ballast bs=4k status=none; true`]);
      expect(await writes(6)).toBeLessThan(patient(WRITE_MS));
      const ill = await failure(/full/);
      expect(ill.waiting).toBeGreaterThan(2);
      const backup = await node.perform({ verb: 'create', type: 'full' }, patient(120_000));
      expect(backup).toMatchObject({ state: 'failed', sentence: expect.stringMatching(/store does not take the log/) });
      await disk.run(['rm', `${path}/ballast`]);
      await node.drained();
      expect(await node.perform({ verb: 'create', type: 'full' })).toMatchObject({ state: 'done' });
    },
    patient(300_000),
  );
});
