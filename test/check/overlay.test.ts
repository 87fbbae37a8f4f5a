import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROKEN_BUILDS } from '../../src/drills/overlay/broken.ts';
import { edited } from '../../src/drills/overlay/edit.ts';
import { haproxySays, keepalivedSays } from '../../src/drills/overlay/proofs.ts';
import { APPLY, NAME_FILE, RESTORE, START, WRITE } from '../../src/drills/overlay/scripts.ts';
import { STOCK } from '../../src/drills/overlay/stock.ts';
import { readTemplates } from '../../src/main/templates.ts';
import { giveIdentity } from '../kit/cluster/host-identity.ts';
import { checkFiles } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { renderedCase, serviceNamed } from '../kit/goldens.ts';
import { FACTS } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const templates = await readTemplates(join(ROOT, 'templates'));

/** A service's files of a cluster of three, with stock settings. */
function stockFiles(name: string) {
  return renderedCase(name, 'cluster', templates).map((file) => {
    const edits = STOCK.files.find(({ path }) => path === file.target);
    return edits === undefined ? file : { ...file, content: edited(edits, file.content) };
  });
}

describe('stock settings and the real daemons', () => {
  let host: DebianHost;
  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['install', '-d', '/run/regent-vip']);
    await host.run(['install', '-d', '-o', 'haproxy', '-g', 'haproxy', '/run/haproxy']);
    await giveIdentity(host);
    for (const path of ['ha/etcd/check', 'ha/postgres/check']) {
      host.write(`/opt/regent/current/${path}`, readFileSync(join(ROOT, path), 'utf8'), { mode: 0o755 });
    }
    await host.run(['chmod', '-R', 'a+rX', '/opt/regent']);
    for (const { name: nic, addresses } of FACTS.interfaces) {
      await host.run(['ip', 'link', 'add', nic, 'type', 'veth', 'peer', 'name', `p-${nic}`]);
      for (const address of addresses) await host.run(['ip', 'address', 'add', address, 'dev', nic]);
    }
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it.each(['db', 'dcs', 'lb', 'vip'])("%s is accepted by the daemon's own checker", async (name) => {
    const files = stockFiles(name);
    expect(files).not.toEqual(renderedCase(name, 'cluster', templates));
    for (const ran of await checkFiles(host, serviceNamed(name), files))
      expect(ran, ran.stdout + ran.stderr).toMatchObject({ code: 0 });
  });

  it('are told by haproxy itself, and ours are told from them', async () => {
    const proof = haproxySays({ rise: 2, fall: 3 });
    const ask = async () => proof.isTaken((await host.run(proof.argv)).stdout);
    for (const [files, isStock] of [
      [stockFiles('lb'), true],
      [renderedCase('lb', 'cluster', templates), false],
    ] as const) {
      for (const file of files) host.write(file.target, file.content, file);
      host.start(['/usr/sbin/haproxy', '-db', '-f', '/etc/haproxy/regent/haproxy.cfg']);
      await until('haproxy answers', async () => (await host.run(proof.argv)).stdout.includes('check_rise'));
      expect(await ask()).toBe(isStock);
      await host.run(['sh', '-c', 'kill -KILL $(pgrep -x haproxy)']);
      await until('haproxy is gone', async () => (await host.run(['pgrep', '-x', 'haproxy'])).code !== 0);
    }
  });

  it('are told by keepalived itself, and ours are told from them', async () => {
    const [stock, ours] = [keepalivedSays('1000 milli-sec'), keepalivedSays('100 milli-sec')];
    for (const [files, proof, other] of [
      [stockFiles('vip'), stock, ours],
      [renderedCase('vip', 'cluster', templates), ours, stock],
    ] as const) {
      for (const file of files) host.write(file.target, file.content, file);
      host.start([
        '/usr/sbin/keepalived',
        '--dont-fork',
        '--vrrp',
        '--use-file',
        '/etc/keepalived/regent/keepalived.conf',
      ]);
      await until('keepalived tells', async () => proof.isTaken((await host.run(proof.argv)).stdout));
      expect(other.isTaken((await host.run(other.argv)).stdout)).toBe(false);
      await host.run(['sh', '-c', 'kill $(pgrep -o -x keepalived)']);
      await until('keepalived is gone', async () => (await host.run(['pgrep', '-x', 'keepalived'])).code !== 0);
    }
  });
});

describe('a host with an overlay', () => {
  const [FILE, OTHER] = ['/etc/x/file one.conf', '/etc/x/other'];
  const UNITS = 'a.service b.service';
  /** Writes down what it was told; `a.service` runs. */
  const SYSTEMCTL = '#!/bin/sh\necho "$*" >>/told\n[ "$1" != is-active ] || [ "$3" = a.service ]\n';
  let host: DebianHost;
  const sh = async (script: string, ...words: string[]) => host.run(['sh', '-c', script, 'sh', ...words]);
  const told = async () => (await sh('cat /told; : >/told')).stdout.trim().split('\n');
  const state = async () =>
    (await sh(`stat -c '%n %a %U %Y' "$@"; cat "$@"; ls -R /etc/systemd/system`, FILE, OTHER)).stdout;
  beforeAll(async () => {
    host = await DebianHost.open();
    host.write('/usr/local/bin/systemctl', SYSTEMCTL, { mode: 0o755 });
    host.write(FILE, 'sound\n', { mode: 0o640, owner: 'postgres' });
    host.write(OTHER, 'other\n');
    host.write('/etc/systemd/system/b.service.d/own.conf', '[Unit]\n');
    await sh(': >/told');
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it('keeps what it had, holds the units over a boot, and has everything back afterwards', async () => {
    const before = await state();
    expect(await sh(APPLY, 'some-name', UNITS, FILE, OTHER)).toMatchObject({ code: 0 });
    expect((await told()).slice(-2)).toEqual(['daemon-reload', 'stop a.service b.service']);
    expect((await sh(`cat ${NAME_FILE} /etc/systemd/system/?.service.d/99*`)).stdout).toBe(
      `some-name\n${`[Unit]\nConditionPathExists=!${NAME_FILE}\n`.repeat(2)}`,
    );
    await sh(`echo changed | sh -c '${WRITE}' sh 1 "$1"; echo changed | sh -c '${WRITE}' sh 2 "$2"`, FILE, OTHER);
    expect((await sh('cat "$@"', FILE, OTHER)).stdout).toBe('changed\nchanged\n');

    // A second overlay would take what was changed for sound.
    expect(await sh(APPLY, 'another', UNITS, FILE, OTHER)).toMatchObject({
      code: 1,
      stderr: 'it wears some-name already\n',
    });

    // Cut off after either half: again.
    for (let time = 0; time < 2; time += 1) expect((await sh(RESTORE, FILE, OTHER)).code).toBe(0);
    expect((await sh(`cat "$1" ${NAME_FILE}`, FILE)).stdout).toBe('sound\nsome-name\n');
    await told();
    expect(await sh(START)).toMatchObject({ code: 0, stderr: '' });
    expect(await told()).toEqual(['daemon-reload', 'start a.service']);
    expect(await state()).toBe(before);
    expect((await sh('ls /var/lib/regent-drill')).code).not.toBe(0);
  });

  it('leaves a file that was replaced meanwhile as it is now', async () => {
    await sh(APPLY, 'some-name', '', FILE, OTHER);
    await sh(`echo changed | sh -c '${WRITE}' sh 1 "$1"; echo newer >"$1"`, FILE);
    expect((await sh(RESTORE, FILE, OTHER)).code).toBe(0);
    expect((await sh('cat "$@"', FILE, OTHER)).stdout).toBe('newer\nother\n');
    await sh(START);
    await told();
  });

  it('may have nothing held', async () => {
    expect(await sh(APPLY, BROKEN_BUILDS[1]?.overlay.name ?? '', '', FILE)).toMatchObject({ code: 0 });
    expect(await told()).toEqual(['daemon-reload']);
    expect((await sh(RESTORE, FILE)).code).toBe(0);
    expect(await sh(START)).toMatchObject({ code: 0, stderr: '' });
    expect(await told()).toEqual(['daemon-reload']);
  });
});
