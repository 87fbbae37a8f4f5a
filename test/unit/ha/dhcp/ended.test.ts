import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesOf } from '../../../../ha/dhcp/kea.ts';
import { until } from '../../../kit/until.ts';

/** Two pairs that no other run on this machine has: processes are found by them. */
const [OWN, OTHER] = [`x1_x${process.pid}`, `x2_x${process.pid}`];
const ENDED = join(import.meta.dirname, '../../../../ha/dhcp/ended');

describe('what ends Kea when its controller has ended', () => {
  let folder = '';
  const children: ChildProcess[] = [];
  const script = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const started = async (path: string, ...args: string[]) => {
    const child = spawn(path, args, { stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    return child;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'regent-ended-'));
    copyFileSync(ENDED, join(folder, 'ended'));
    script('unit', 'echo "$@" >>"$0.asked"');
    // No rule of this machine is touched.
    script('ip', 'exit 1');
    script('kea-dhcp4', 'exec 3<&0; while :; do sleep 0.05; done');
    mkdirSync(join(folder, 'run'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('is that Kea alone that may serve, and nobody who only names its files or checks them', async () => {
    writeFileSync(join(folder, `run/${OWN}.may`), 'primary\n');
    writeFileSync(join(folder, `run/${OTHER}.may`), 'standby\n');
    const file = (key: string) => `${folder}/etc/kea/regent-${key}/kea-dhcp4-${key}.conf`;
    const serving = await started(join(folder, 'kea-dhcp4'), '-c', file(OWN));
    const standing = await started(join(folder, 'kea-dhcp4'), '-c', file(OTHER));
    const editor = await started('/bin/sh', '-c', 'while :; do sleep 0.05; done', '/usr/sbin/kea-dhcp4', file(OWN));
    const checker = await started(join(folder, 'kea-dhcp4'), '-T', file(OWN));
    const name = (child: ChildProcess) => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim();
    await until('all to run under their name', () =>
      [serving, standing, checker].every((child) => name(child) === 'kea-dhcp4'),
    );
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const said = execFileSync(join(folder, 'ended'), [join(folder, 'run')], { env, encoding: 'utf8', timeout: 8000 });
    await until('its end', () => serving.signalCode === 'SIGKILL');
    expect([standing, editor, checker].map((child) => child.signalCode ?? child.exitCode)).toEqual([null, null, null]);
    // So it is with whoever looks for a Kea to end.
    expect(processesOf(OWN, null)).toEqual([]);
    expect(processesOf(OTHER, null)).toEqual([standing.pid]);
    expect(said).toBe(`${OWN}: its Kea (${serving.pid}) is ended: the controller has ended\n`);
    expect(readFileSync(join(folder, 'unit.asked'), 'utf8')).toBe(`stop ${OWN}\n`);
    expect([OWN, OTHER].map((key) => existsSync(join(folder, `run/${key}.may`)))).toEqual([false, true]);
  });
});
