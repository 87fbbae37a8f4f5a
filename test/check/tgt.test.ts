import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { iscsiTarget } from '../../src/model/images/boot-media.ts';
import type { TgtDesired } from '../../src/services/tgt/desired.ts';
import { tgt } from '../../src/services/tgt/index.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { until } from '../kit/until.ts';

const TOP = join(import.meta.dirname, '../..');
const CLIENT = join(TOP, 'test/kit/iscsi-client.ts');
const DROP_IN = readFileSync(join(TOP, 'systemd/tgt.service.d/regent.conf'), 'utf8');
const [, line = ''] = /^ExecStart=(\/.+)$/m.exec(DROP_IN) ?? [];
/** As the unit does: without a right, in a folder of its own. */
const START = [
  'sh',
  '-c',
  `install -d -m 0700 -o regent-tgt -g regent-tgt /run/tgtd && exec setpriv --reuid=regent-tgt --regid=regent-tgt --clear-groups --no-new-privs ${line}`,
];
const STORE = '/var/lib/regent/tgt';
const [ONE, TWO] = [randomBytes(65_536), randomBytes(131_072)];
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** An image by its digest, with the root that it has. */
const image = (letter: string, root: Buffer) => ({
  digest: letter.repeat(64),
  file: 'root.squashfs',
  sha256: sha(root),
});
const [A, B] = [image('a', ONE), image('b', TWO)];
const SITE: TgtDesired = {
  port: 3260,
  filesPort: 5248,
  addresses: ['10.10.10.1'],
  networks: ['10.10.10.0/24'],
  images: [A],
};

/** One real tgtd, and initiators that speak with it. */
describe('tgtd on a rendered list', () => {
  let host: DebianHost;
  let bench: DaemonBench;

  /** What an initiator at an address is let to see and do. */
  const ask = async (question: object) => {
    const child = host.startBeside([process.execPath, CLIENT, JSON.stringify({ to: '10.10.10.1', ...question })]);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  };
  const inside = { from: '10.10.10.30' };
  const target = ({ digest }: { readonly digest: string }) => iscsiTarget(digest);
  /** Puts what the rack's web server has where it is asked for. */
  const publish = ({ digest, file }: typeof A, bytes: Buffer) => {
    host.write(`/srv/images/${digest}/${file}`, '', { mode: 0o644 });
    writeFileSync(host.path(`/srv/images/${digest}/${file}`), bytes);
  };

  /** As its unit does. */
  const stop = async () => {
    const [, signal = ''] = /^KillSignal=SIG(.+)$/m.exec(DROP_IN) ?? [];
    await host.run(['pkill', `-${signal}`, '-x', 'tgtd']);
    await bench.stop();
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['sh', '-ec', 'getent passwd regent-tgt || useradd --system --user-group regent-tgt']);
    for (const name of ['targets', 'fetch'])
      host.write(`/opt/regent/current/ha/tgt/${name}`, readFileSync(join(TOP, 'ha/tgt', name), 'utf8'), {
        mode: 0o755,
      });
    await host.run([
      'install',
      '-d',
      '-m',
      '0755',
      '/etc/regent',
      '/etc/regent/tgt',
      '/etc/regent/tgt/.stage',
      '/var/lib/regent',
    ]);
    await host.run(['install', '-d', '-m', '0700', '-o', 'regent-tgt', '-g', 'regent-tgt', STORE]);
    for (const address of ['10.10.10.1/24', '10.10.10.30/24', '10.20.0.30/24'])
      await host.run(['ip', 'address', 'add', address, 'dev', 'lo']);
    host.write('/srv/nginx.conf', 'events {}\nhttp { server { listen 127.0.0.1:5248; root /srv; } }\n');
    await host.run(['chmod', '-R', 'a+rX', '/opt/regent', '/srv']);
    host.start(['nginx', '-c', '/srv/nginx.conf', '-g', 'daemon off; pid /tmp/nginx.pid; error_log /tmp/nginx.log;']);
    bench = new DaemonBench(host, tgt, goldenTemplates(), START);
  });
  afterAll(async () => {
    await stop();
    await host[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await host.run(['chmod', '-R', 'a+rX', '/srv']);
  });

  it('starts without a right, fetches the root, and gives it out to be read alone', async () => {
    publish(A, ONE);
    await host.run(['chmod', '-R', 'a+rX', '/srv']);
    expect((await bench.apply(SITE)).kind).toBe('restart');
    expect((await host.run(['sh', '-c', 'ps -o user:20= -C tgtd | sort -u'])).stdout.trim()).toBe('regent-tgt');
    expect(await ask(inside)).toEqual({ login: 0, names: [target(A)] });
    const first = ONE.subarray(0, 4096).toString('hex');
    // 7: DATA PROTECT.
    expect(await ask({ ...inside, target: target(A), writes: true })).toEqual({
      login: 0,
      read: first,
      again: first,
      write: { status: 2, sense: 7 },
    });
    expect(await host.run(['sha256sum', `${STORE}/${A.digest}`])).toMatchObject({
      stdout: expect.stringContaining(A.sha256),
    });
  });

  it('is for the networks of the VLAN alone: others see no target, and are not let in', async () => {
    const outside = { from: '10.20.0.30' };
    expect(await ask(outside)).toEqual({ login: 0, names: [] });
    expect(await ask({ ...outside, target: target(A) })).not.toMatchObject({ login: 0 });
    expect((await ask({ from: '127.0.0.1', to: '127.0.0.1', target: target(A) }))['login']).not.toBe(0);
    const both = { ...SITE, networks: ['10.10.10.0/24', '10.20.0.30/32'] };
    expect((await bench.apply(both)).kind).toBe('command');
    expect(await ask({ ...outside, target: target(A) })).toMatchObject({ login: 0 });
    await bench.apply(SITE);
    expect(await ask(outside)).toEqual({ login: 0, names: [] });
  });

  it('changes images while a machine reads: it goes on with the old one, which nobody else gets, and which goes with it', async () => {
    publish(B, TWO);
    await host.run(['chmod', '-R', 'a+rX', '/srv']);
    const held = host.startBeside([
      process.execPath,
      CLIENT,
      JSON.stringify({ ...inside, to: '10.10.10.1', target: target(A), holdMs: 8000 }),
    ]);
    let text = '';
    held.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ended = once(held, 'close');
    await once(held.stdout ?? held, 'data');
    const next = { ...SITE, images: [B] };
    expect((await bench.apply(next)).kind).toBe('command');
    expect((await bench.probe(next)).detail).toBe('tgtd gives out 1 image read-only; machines logged in: 1');
    expect(await ask(inside)).toEqual({ login: 0, names: [target(B)] });
    expect((await ask({ ...inside, target: target(A) }))['login']).not.toBe(0);
    await ended;
    expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).toMatchObject({
      login: 0,
      again: ONE.subarray(0, 4096).toString('hex'),
    });
    await bench.healthy(next);
    expect(
      (
        await host.run([
          'runuser',
          '-u',
          'regent-tgt',
          '--',
          'tgtadm',
          '--lld',
          'iscsi',
          '--mode',
          'target',
          '--op',
          'show',
        ])
      ).stdout,
    ).not.toContain(target(A));
    expect((await host.run(['ls', STORE])).stdout.trim()).toBe(B.digest);
  });

  it('is out of reach without the image, and never gives out a damaged or cut one', async () => {
    const C = image('c', ONE);
    const wanted = { ...SITE, images: [B, C] };
    await expect(bench.apply(wanted)).rejects.toThrow('no region has given the image to this rack yet');
    expect(await bench.probe(wanted)).toMatchObject({ isHealthy: false, isOutOfReach: true });
    publish(C, Buffer.concat([ONE.subarray(1), Buffer.from('x')]));
    await host.run(['chmod', '-R', 'a+rX', '/srv']);
    expect(await bench.probe(wanted)).toMatchObject({ isHealthy: false, isOutOfReach: true });
    expect((await host.run(['ls', STORE])).stdout).toContain(`${C.digest}.wrong`);
    expect(await ask(inside)).toEqual({ login: 0, names: [target(B)] });
    // It broke off: what is there is gone on with.
    publish(C, ONE);
    await host.run([
      'sh',
      '-ec',
      `chmod -R a+rX /srv; rm ${STORE}/${C.digest}.wrong; runuser -u regent-tgt -- sh -c 'head -c 1000 /srv/images/${C.digest}/root.squashfs >${STORE}/${C.digest}.part'`,
    ]);
    await bench.healthy(wanted);
    expect(((await ask(inside))['names'] as string[]).toSorted()).toEqual([target(B), target(C)]);
  });

  it('has all of it again after a restart, by the unit’s own command; and is ill when it hangs', async () => {
    const wanted = { ...SITE, images: [B] };
    await bench.apply(wanted);
    await stop();
    await bench.restart();
    const [, post = ''] = /^ExecStartPost=-(\/.+)$/m.exec(DROP_IN) ?? [];
    await until('tgtd to answer', async () => (await host.run(post.split(' '), { user: 'regent-tgt' })).code === 0);
    expect(await ask(inside)).toEqual({ login: 0, names: [target(B)] });
    await host.run(['pkill', '-STOP', '-x', 'tgtd']);
    expect(await bench.probe(wanted)).toMatchObject({ isHealthy: false });
    await host.run(['pkill', '-CONT', '-x', 'tgtd']);
    await bench.healthy(wanted);
    await stop();
    expect((await bench.probe(wanted)).detail).toContain("query of tgtd's targets failed: ");
  });
});
