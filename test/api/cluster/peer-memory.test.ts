import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MEMORY_PATH } from '../../../src/contract/cluster/memory.ts';
import { openMemoryPort } from '../../../src/main/region/memory-ways.ts';
import { testAuthority, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { silentLog, usePostgres } from '../../kit/postgres.ts';
import { until } from '../../kit/until.ts';
import { memoryLog } from '../../kit/virtual-time.ts';

const pg = usePostgres();
let site: TrustedRegion;
beforeAll(async () => {
  site = await startTrustedRegion(pg.get());
});
afterAll(() => site.close());

const files = (folder: string) => ({
  authority: join(folder, 'ca.crt'),
  certificate: join(folder, 'node.crt'),
  key: join(folder, 'node.key'),
});
const ways = (port = site.process.apiPort ?? 0) => openMemoryPort(files(site.folder), null, silentLog, port);

it('another region tells what it remembers, over mutual TLS, also while the database is away', {
  timeout: 60_000,
}, async () => {
  const asked = async () => ways().ask('127.0.0.1');
  await until('its layout is read', async () => (await asked())?.layout?.nodes.length === 1);
  expect(await asked()).toMatchObject({
    node: 'r1',
    version: '1.4.2',
    isReady: true,
    layout: { cluster: { id: 'c1' } },
  });
  await pg.get().server.halt();
  try {
    await until('it says that its database is away', async () => (await asked())?.isReady === false);
    expect((await asked())?.layout?.nodes[0]?.name).toBe('r1');
  } finally {
    await pg.get().server.start();
  }
});

it('nobody else hears of it, and who does not answer is left out', async () => {
  const rack = await testIdentity(site.authority, { nodeId: 'k1' });
  const stranger = await testIdentity(await testAuthority('other'), { nodeId: 'r1', isRegion: true });
  const ask = (identity?: typeof rack, port = site.process.apiPort) =>
    callSecure({ port, ca: site.authority.certificate, identity, path: MEMORY_PATH });
  expect((await ask(rack)).status).toBe(403);
  expect((await ask(stranger)).status).toBe(0);
  expect((await ask()).status).toBe(0);
  expect((await ask(site.own, site.process.secureAgentPort)).status).toBe(404);
  expect(await ways(1).ask('127.0.0.1')).toBeNull();
  expect(await openMemoryPort(null, null, silentLog).ask('127.0.0.1')).toBeNull();
  expect(await openMemoryPort(files('/nowhere'), null, silentLog).ask('127.0.0.1')).toBeNull();
});

it('keeps the layout in a file', async () => {
  const path = join(site.folder, 'state', 'layout.json');
  const { layout } = openMemoryPort(null, path, silentLog);
  expect(await layout.read()).toBeNull();
  await layout.write('{"a":1}');
  expect(await layout.read()).toBe('{"a":1}');
  // What cannot be kept, or not be read, is told in the log and breaks nothing.
  const log = memoryLog();
  const broken = openMemoryPort(null, join(site.folder, 'ca.crt', 'layout.json'), log);
  await broken.layout.write('{}');
  expect(await broken.layout.read()).toBeNull();
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
});
