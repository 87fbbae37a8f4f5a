import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tarOf } from '../../../src/core/tar.ts';
import { packScripts } from '../../../src/region/metadata/scripts.ts';

/** The runner that machines have, by this host's shell, with two racks of which one dies between two of its scripts. */

const MACHINE = join(import.meta.dirname, '../../../scripts/machine');

/** A rack. `answer`: to a path; null: 404. What is posted is in `signals`. */
async function rack(answer: (path: string, origin: string) => string | Uint8Array | null) {
  const signals: string[] = [];
  const server: Server = createServer((request, response) => {
    const bodies: Buffer[] = [];
    request.on('data', (chunk: Buffer) => bodies.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST') signals.push(`${request.url} ${Buffer.concat(bodies).toString('latin1')}`);
      const body = request.method === 'POST' ? 'OK' : answer(request.url ?? '', origin);
      response.writeHead(body === null ? 404 : 200, { connection: 'close' }).end(body ?? 'no');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, signals, end: () => server.close() };
}

it.each([
  ['a test', 'testing'],
  ['a deployment, which has its racks among its own files', 'deploying'],
] as const)(
  'the other rack is told how %s goes when the one that gave the scripts is dead',
  { timeout: 60_000 },
  async (_, purpose) => {
    const folder = mkdtempSync(join(tmpdir(), 'regent-runner-'));
    const second = await rack(() => null);
    const first = await rack((path, origin) => {
      if (path === '/preseed')
        return `#cloud-config\n    metadata_url: "${origin}/MAAS/metadata/"\n    token_key: "t"\n`;
      if (path !== '/MAAS/metadata/latest/maas-scripts') return null;
      const usual = {
        timeoutSeconds: 60,
        isParallel: false,
        hardware: 'node',
        invocation: { arguments: [], environment: [] },
      } as const;
      const script = (name: string, resultId: number) => ({
        ...usual,
        name,
        resultId,
        content: Buffer.from(`echo ${name}\n`),
      });
      const runScript = readFileSync(join(MACHINE, 'run-script'), 'utf8');
      // It dies when it has given the scripts.
      setTimeout(() => first.end(), 0);
      const scripts = [script('one', 1), script('two', 2)];
      const racks = [origin, second.origin];
      if (purpose === 'testing') return tarOf(packScripts(purpose, scripts, { runner: '', runScript }, racks));
      const sources = { path: 'deployment/sources', mode: 0o600, content: Buffer.from(`${racks.join('\n')}\n`) };
      return tarOf([...packScripts(purpose, scripts, { runner: '', runScript }), sources]);
    });
    try {
      const child = spawn('sh', [join(MACHINE, 'runner'), `${first.origin}/preseed`], {
        env: { PATH: process.env['PATH'] ?? '', TMPDIR: folder, REGENT_PAUSE: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code, out).toBe(0);
      expect(first.signals).toEqual([]);
      const told = second.signals.map((signal) => /name="status"\r\n\r\n(\w+)/.exec(signal)?.[1]);
      expect(told).toEqual(['WORKING', 'WORKING', 'WORKING', 'WORKING', 'OK']);
      expect(second.signals.every((signal) => signal.startsWith('/MAAS/metadata/latest/?op=signal '))).toBe(true);
      expect(second.signals[1]).toContain(Buffer.from('one\n').toString('base64'));
    } finally {
      first.end();
      second.end();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
