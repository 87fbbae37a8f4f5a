import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseBuiltIn } from '../../../src/model/machines/scripts/script.ts';
import { asker, giveDefaultImage } from '../../kit/enlistment.ts';
import { relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** A machine that is enlisted, with the runner that machines have, for real: what it tells, and how its run ends. */

const MACHINE = join(import.meta.dirname, '../../../scripts/machine');
/** The lease that `asker` gives to the card. */
const HERE = '10.10.10.52';
const SHELL: readonly string[] = ['dash'];
const BMC = '{"bmc": {"kind": "ipmi", "address": "10.88.0.41"}}';
const TELLS = `#!/bin/sh
# --- Start MAAS 1.0 script metadata ---
# name: tells-bmc
# timeout: 60
# tags: inventory
# --- End MAAS 1.0 script metadata ---
echo '${BMC}'
`;
const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let port = 0;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'regent-runner-'));
  const read = (name: string) => readFileSync(join(MACHINE, name), 'utf8');
  const files = { runner: read('runner'), runScript: read('run-script') };
  const machineScripts = { builtIn: [value(parseBuiltIn(TELLS))], files };
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY, machineScripts });
  await giveDefaultImage(site);
  await site.call('POST', '/subnets', { body: { cidr: '10.10.10.0/24' } });
  relay = relayListener(site);
  relay.addHook('onRequest', async (request) => {
    request.headers['x-forwarded-for'] = HERE;
    request.headers['x-forwarded-host'] = `127.0.0.1:${port}`;
  });
  await relay.listen({ host: '127.0.0.1', port: 0 });
  port = (relay.server.address() as { port: number }).port;
});
afterAll(async () => {
  await relay?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(id: string): Promise<{ code: number | null; out: string }> {
  const url = `http://127.0.0.1:${port}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`;
  const [shell = ''] = SHELL;
  const child = spawn(shell, [join(MACHINE, 'runner'), url], {
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder, REGENT_PAUSE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}

it('runs the scripts of the release and none of the site’s, tells its BMC by them, and stays new', async () => {
  await change(site.db, async (tx) => {
    await tx.run(sql`insert into scripts (name, tags, content) values ('of-the-site', '["default"]', '#!/bin/sh')`);
    return {};
  }).then(value);
  await asker(site).ask();
  const show = async () => (await site.call('GET', '/machines?state=new')).body['items'] as Record<string, string>[];
  const [machine] = await show();
  const { id = '' } = machine ?? {};
  const posted = await relay.inject({
    method: 'POST',
    url: `/MAAS/metadata/inventory/${id}`,
    headers: { 'content-type': 'application/json' },
    payload: '{"virtual":"qemu"}',
  });
  expect(posted.statusCode, posted.body).toBe(200);
  const ran = await run(id);
  expect(ran.code, ran.out).toBe(0);
  const { items } = (await site.call('GET', `/machines/${id}/results`)).body as unknown as { items: object[] };
  expect(items).toMatchObject([{ script: 'tells-bmc', state: 'passed', purpose: 'enlisting' }]);
  expect(await show()).toMatchObject([{ id, state: 'new', suggestedBmc: { type: 'ipmi', address: '10.88.0.41' } }]);
  const { inventory } = (await site.call('GET', `/machines/${id}/inventory`)).body;
  expect(inventory).toMatchObject({ virtual: 'qemu', bmc: { kind: 'ipmi' } });
  // The run is over: whoever starts the runner again is told so.
  expect((await run(id)).code).toBe(3);
}, 180_000);
