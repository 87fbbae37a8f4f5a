import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Script } from '../../../src/model/machines/scripts/script.ts';
import { relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { builtInScript } from '../../kit/machine-scripts.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** The runner that machines have, for real: a shell of this host, against a region's metadata service. */

const MACHINE = join(import.meta.dirname, '../../../scripts/machine');
const HERE = '127.0.0.1';
/** A busy machine may be slow. */
const RUN_MS = 120_000;

const SCRIPTS: readonly Script[] = [
  builtInScript(
    '10-well',
    'echo "one $1 $2"; echo two >&2; echo "status: passed" >"$RESULT_PATH"; echo "$PARAM_SPEED"',
    'timeout: 60; parameters: {speed: {type: string, default: "a b", argument_format: "--speed {input}"}}',
  ),
  builtInScript('20-fails', 'echo no; exit 3'),
  builtInScript(
    '30-hangs',
    'echo begun; (trap "" TERM; sleep 300) & trap "" TERM; sleep 300',
    'timeout: 2; parallel: any; hardware_type: storage',
  ),
  builtInScript(
    '31-loud',
    'head -c 104857600 /dev/zero | tr "\\000" x',
    'timeout: 100; parallel: any; hardware_type: storage',
  ),
  builtInScript(
    '32-binary',
    'printf "\\000\\377\\001"; printf "\\033[2J" >&2',
    'timeout: 60; parallel: any; hardware_type: storage',
  ),
  builtInScript('40-missing', 'x', 'timeout: 60', '#!/usr/bin/python0'),
  builtInScript('41-missing-env', 'x', 'timeout: 60', '#!/usr/bin/env -S python0 -u'),
  builtInScript('50-leaves', 'setsid sleep 30 & echo "done"'),
  builtInScript(
    '60-tells',
    'echo "{\\"disks\\": [{\\"name\\": \\"sda\\", \\"bytes\\": 512}], \\"evil\\": 1}"',
    'timeout: 60; tags: inventory',
  ),
  builtInScript('61-tells-wrong', 'echo "no JSON"', 'timeout: 60; tags: inventory'),
];

const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let port = 0;
let places = 0;
const folders: string[] = [];

beforeAll(async () => {
  const files = {
    runner: readFileSync(join(MACHINE, 'runner'), 'utf8'),
    runScript: readFileSync(join(MACHINE, 'run-script'), 'utf8'),
  };
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY, machineScripts: { builtIn: SCRIPTS, files } });
  relay = relayListener(site);
  // What a rack's relay says of who calls.
  relay.addHook('onRequest', async (request) => {
    request.headers['x-forwarded-for'] = HERE;
    request.headers['x-forwarded-host'] = `127.0.0.1:${port}`;
  });
  await relay.listen({ host: '127.0.0.1', port: 0 });
  port = (relay.server.address() as { port: number }).port;
});
afterAll(async () => {
  await relay.close();
  await site.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A machine that is at this address now, and is commissioned. */
async function commissioned(hostname: string, body: object = {}): Promise<string> {
  places += 1;
  const mac = `52:54:00:00:01:${String(places).padStart(2, '0')}`;
  const made = await site.call('POST', '/machines', { body: { hostname, interfaces: [{ mac }] } });
  await pg.get().admin(
    `delete from leases; insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('r1', '${HERE}', 1, '${mac}', 'active', now(), now() + interval '1 hour')`,
    site.connection.database,
  );
  const begun = await site.call('POST', `/machines/${hostname}/commission`, { body });
  expect(begun.status, begun.raw).toBe(202);
  return String(made.body.id);
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

/** `shell`: the program and its first words. `path`: where its tools are. */
function runner(shell: readonly string[], id: string, path = process.env['PATH'] ?? ''): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'regent-runner-'));
  folders.push(folder);
  const url = `http://127.0.0.1:${port}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`;
  const [program = '', ...words] = shell;
  const child = spawn(program, [...words, join(MACHINE, 'runner'), url], {
    env: { PATH: path, TMPDIR: folder, REGENT_PAUSE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}

interface Item {
  readonly id: number;
  readonly script: string;
  readonly state: string;
  readonly exitStatus: number | null;
}
async function results(machine: string): Promise<readonly Item[]> {
  return (await site.call('GET', `/machines/${machine}/results`)).body['items'] as Item[];
}
async function outputs(machine: string, name: string) {
  const { id = 0 } = (await results(machine)).find((item) => item.script === name) ?? {};
  return (await site.call('GET', `/machines/${machine}/results/${id}`)).body['contents'] as {
    kind: string;
    bytes: number;
    text?: string;
    base64?: string;
  }[];
}

/** busybox where this host or the lab's root has it: the machines of the image "micro" have nothing else. */
const SHELLS: [name: string, shell: () => readonly string[], path: () => string][] = [
  ['dash', () => ['dash'], () => process.env['PATH'] ?? ''],
];
const busybox = process.env['REGENT_BUSYBOX'];
if (busybox !== undefined)
  SHELLS.push([
    'busybox',
    () => [busybox, 'sh'],
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'regent-applets-'));
      folders.push(folder);
      for (const tool of 'sh base64 cat chmod cp cut date dd head kill mkdir mkfifo mktemp mv od rm sed setsid sleep tail tar tr wc wget env'.split(
        ' ',
      ))
        symlinkSync(busybox, join(folder, tool));
      return folder;
    },
  ]);

describe.each(SHELLS)('the runner by %s', (name, shell, path) => {
  const machine = `runs-${name}`;

  it('tells the region how each script went, whatever the script does', { timeout: RUN_MS }, async () => {
    const id = await commissioned(machine);
    const ran = await runner(shell(), id, path());
    expect(ran.code, ran.out).toBe(0);
    expect((await results(machine)).map(({ script: of, state, exitStatus }) => `${of} ${state} ${exitStatus}`)).toEqual(
      [
        '10-well passed 0',
        '20-fails failed 3',
        '30-hangs timed-out null',
        '31-loud passed 0',
        '32-binary passed 0',
        '40-missing failed 127',
        '41-missing-env failed 127',
        '50-leaves passed 0',
        '60-tells passed 0',
        '61-tells-wrong passed 0',
      ],
    );
    expect(await outputs(machine, '10-well')).toEqual([
      { kind: 'result', bytes: 15, text: 'status: passed\n' },
      { kind: 'stderr', bytes: 4, text: 'two\n' },
      { kind: 'stdout', bytes: 20, text: 'one --speed a b\na b\n' },
    ]);
    const [loud] = await outputs(machine, '31-loud');
    expect([loud?.kind, loud?.bytes, loud?.text?.length]).toEqual(['stdout', 104_857_600, 262_144]);
    expect(await outputs(machine, '32-binary')).toEqual([
      { kind: 'stderr', bytes: 4, text: '\u001b[2J' },
      { kind: 'stdout', bytes: 3, base64: Buffer.from([0, 255, 1]).toString('base64') },
    ]);
    expect(await outputs(machine, '50-leaves')).toEqual([{ kind: 'stdout', bytes: 5, text: 'done\n' }]);
    const [why] = await outputs(machine, '41-missing-env');
    expect(why?.text).toContain('The system has no python0, which this script is to be run by.');
    const { state, error } = (await site.call('GET', `/machines/${machine}`)).body;
    expect(state).toBe('failed-commissioning');
    expect(error).toContain(
      '4 of 10 scripts failed: 20-fails (exit 3), 30-hangs (timed out), 40-missing (exit 127), 41-missing-env (exit 127).',
    );
    const { inventory, problems } = (await site.call('GET', `/machines/${machine}/inventory`)).body;
    expect(inventory).toEqual({ disks: [{ name: 'sda', bytes: 512 }] });
    expect(problems).toEqual([
      expect.stringContaining('1 members that are not known'),
      '61-tells-wrong: it printed no JSON object',
    ]);
  });

  it('ends well where all scripts do', { timeout: RUN_MS }, async () => {
    const well = `well-${name}`;
    const skip = ['20-fails', '30-hangs', '31-loud', '40-missing', '41-missing-env', '50-leaves'];
    const id = await commissioned(well, { skip, parameters: { '10-well': { speed: '$(reboot) *' } } });
    const ran = await runner(shell(), id, path());
    expect(ran.code, ran.out).toBe(0);
    expect((await outputs(well, '10-well')).at(-1)?.text).toBe('one --speed $(reboot) *\n$(reboot) *\n');
    expect((await site.call('GET', `/machines/${well}`)).body['state']).toBe('ready');
    // The run is over: nobody gives its credentials any more.
    expect((await runner(shell(), id, path())).code).toBe(3);
  });
});
