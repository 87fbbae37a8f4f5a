import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tarOf } from '../../../src/core/tar.ts';
import { packScripts } from '../../../src/region/machines/scripts/scripts.ts';
import { until } from '../../kit/until.ts';

/** The runner that machines have, by this host's shell: what racks hear of its scripts, and when. */

const MACHINE = join(import.meta.dirname, '../../../scripts/machine');

/** A rack. `answer`: to a path; null: 404. What is posted is in `signals`; `take`: how it is answered, OK when left out. */
async function rack(
  answer: (path: string, origin: string) => string | Uint8Array | null,
  take: (index: number) => Promise<number> = () => Promise.resolve(200),
) {
  const signals: string[] = [];
  const server: Server = createServer((request, response) => {
    const bodies: Buffer[] = [];
    request.on('data', (chunk: Buffer) => bodies.push(chunk));
    request.on('end', () => {
      const say = (status: number, body: string | Uint8Array) =>
        response.writeHead(status, { connection: 'close' }).end(body);
      if (request.method === 'POST') {
        signals.push(`${request.url} ${Buffer.concat(bodies).toString('latin1')}`);
        void take(signals.length - 1).then((status) => say(status, 'OK'));
        return;
      }
      const body = answer(request.url ?? '', origin);
      say(body === null ? 404 : 200, body ?? 'no');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, signals, end: () => server.close() };
}

const RUN_SCRIPT = readFileSync(join(MACHINE, 'run-script'), 'utf8');
const PLACE = '/MAAS/metadata/latest/';
const script = (name: string, resultId: number, words = `echo ${name}`) => ({
  name,
  resultId,
  timeoutSeconds: 60,
  isParallel: false,
  hardware: 'node' as const,
  invocation: { arguments: [], environment: [] },
  content: Buffer.from(`${words}\n`),
});
const preseed = (origin: string) => `#cloud-config\n    metadata_url: "${origin}/MAAS/metadata/"\n    token_key: "t"\n`;
const statusOf = (signal: string) => /name="status"\r\n\r\n(\w+)/.exec(signal)?.[1];
const resultOf = (signal: string) => /name="script_result_id"\r\n\r\n(\d+)/.exec(signal)?.[1];

/** The runner, as a machine runs it. */
async function run(origin: string): Promise<{ readonly code: number | null; readonly out: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'regent-runner-'));
  try {
    const child = spawn('sh', [join(MACHINE, 'runner'), `${origin}/preseed`], {
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder, REGENT_PAUSE: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
    return { code: await new Promise((resolve) => child.on('close', resolve)), out };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it.each([
  ['a test', 'testing'],
  ['a deployment, which has its racks among its own files', 'deploying'],
] as const)(
  'the other rack is told how %s goes when the one that gave the scripts is dead',
  { timeout: 60_000 },
  async (_, purpose) => {
    const second = await rack(() => null);
    const first = await rack((path, origin) => {
      if (path === '/preseed') return preseed(origin);
      if (path !== `${PLACE}maas-scripts`) return null;
      // It dies when it has given the scripts.
      setTimeout(() => first.end(), 0);
      const scripts = [script('one', 1), script('two', 2)];
      const racks = [origin, second.origin];
      const files = { runner: '', runScript: RUN_SCRIPT };
      if (purpose === 'testing') return tarOf(packScripts(purpose, scripts, files, racks));
      const sources = { path: 'deployment/sources', mode: 0o600, content: Buffer.from(`${racks.join('\n')}\n`) };
      return tarOf([...packScripts(purpose, scripts, files), sources]);
    });
    try {
      const { code, out } = await run(first.origin);
      expect(code, out).toBe(0);
      expect(first.signals).toEqual([]);
      expect(second.signals.map(statusOf)).toEqual(['WORKING', 'WORKING', 'WORKING', 'WORKING', 'OK']);
      expect(second.signals.every((signal) => signal.startsWith(`${PLACE}?op=signal `))).toBe(true);
      expect(second.signals[1]).toContain(Buffer.from('one\n').toString('base64'));
    } finally {
      first.end();
      second.end();
    }
  },
);

const only = (scripts: readonly ReturnType<typeof script>[]) => (path: string, origin: string) => {
  if (path === '/preseed') return preseed(origin);
  const files = { runner: '', runScript: RUN_SCRIPT };
  return path === `${PLACE}maas-scripts` ? tarOf(packScripts('testing', scripts, files, [origin])) : null;
};

it('scripts do not wait until the region has heard of them, and it hears of them in their order', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'regent-ran-'));
  const ran = (name: string) => join(folder, name);
  const names = ['one', 'two', 'three', 'four'];
  let heard = 0;
  const slow = await rack(
    only(names.map((name, index) => script(name, index + 1, `echo ${name} >${ran(name)}`))),
    async (index) => {
      // The first word is answered when the last script has run.
      if (index === 0) await until('the last script to run', () => existsSync(ran('four')), { deadlineMs: 30_000 });
      heard += 1;
      return 200;
    },
  );
  try {
    const { code, out } = await run(slow.origin);
    expect(code, out).toBe(0);
    expect(heard).toBe(9);
    expect(slow.signals.map(resultOf)).toEqual(['1', '1', '2', '2', '3', '3', '4', '4', undefined]);
    expect(statusOf(slow.signals.at(-1) ?? '')).toBe('OK');
    expect(names.filter((name) => existsSync(ran(name)))).toEqual(names);
  } finally {
    slow.end();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('a run that the region has ended begins no further script and says so by its status', {
  timeout: 60_000,
}, async () => {
  const over = await rack(only([script('one', 1, 'sleep 2'), script('two', 2)]), (index) =>
    Promise.resolve(index === 0 ? 409 : 200),
  );
  try {
    const { code, out } = await run(over.origin);
    expect(code, out).toBe(3);
    expect(out).toContain('script one: 0');
    expect(out).not.toContain('script two');
    // Nothing follows, least of all that all went well.
    expect(over.signals.map(statusOf)).toEqual(['WORKING']);
  } finally {
    over.end();
  }
});

it('a word that nobody takes is the status of the run', { timeout: 60_000 }, async () => {
  const deaf = await rack(only([script('one', 1)]), () => Promise.resolve(503));
  try {
    const { code, out } = await run(deaf.origin);
    expect(code, out).toBe(1);
    expect(deaf.signals.filter((signal) => statusOf(signal) === 'OK')).toHaveLength(40);
  } finally {
    deaf.end();
  }
});
