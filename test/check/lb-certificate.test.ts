import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { siteListText, TRUST_FILES } from '../../src/model/cluster/trust-files.ts';
import { compileLb } from '../../src/services/lb/compile.ts';
import { lb } from '../../src/services/lb/index.ts';
import { giveIdentity } from '../kit/cluster/host-identity.ts';
import { operatorCertificate } from '../kit/cluster/operator-certificate.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { RELOAD_HAPROXY } from '../kit/haproxy-reload.ts';
import { clusterSnapshot } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const ACCESS = { mode: 0o640, group: 'regent-pki' };
const NODE = 'n-r1';
const SITE = 'regent.example.test';
const STAR = 'regent.other.test';

/** Which certificate a real haproxy shows to whom. */
describe("the site's certificate on haproxy", () => {
  let host: DebianHost;
  let bench: DaemonBench;
  const desired = compileLb(clusterSnapshot(), NODE);
  if (desired === null) throw new Error('there is no cluster');

  /** CN of what is shown to whom names this server; null: names none. */
  const shownTo = async (servername: string | null): Promise<string> => {
    const named = servername === null ? '-noservername' : `-servername ${servername}`;
    const question = `timeout 5 openssl s_client -connect 127.0.0.1:5443 ${named} </dev/null 2>/dev/null`;
    const { stdout } = await host.run(['sh', '-c', question]);
    const [pem = ''] = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout) ?? [];
    return pem === '' ? '' : (/^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1] ?? '');
  };
  const put = async (name: string, kind: 'rsa' | 'ec', names = [name, `*.other.test`, NODE]) => {
    const made = await operatorCertificate({ names, kind });
    host.write(TRUST_FILES.site.path, `${made.leaf}${made.middle}${made.key}`, ACCESS);
    host.write(TRUST_FILES.siteList.path, siteListText(true));
    return made;
  };
  const reload = () => host.run(bench.reload ?? []);
  const served = async () => (await bench.probe(desired)).facts?.['certificate'];

  beforeAll(async () => {
    host = await DebianHost.open();
    await giveIdentity(host, ['127.0.0.1']);
    await host.run(['install', '-d', '-o', 'haproxy', '-g', 'haproxy', '/run/haproxy']);
    const argv = [
      'runuser',
      '-u',
      'haproxy',
      '--',
      '/usr/sbin/haproxy',
      '-W',
      '-S',
      '/run/haproxy/master.sock,mode,600',
    ];
    bench = new DaemonBench(host, lb, await readTemplates(join(import.meta.dirname, '../../templates')), [
      ...argv,
      '-f',
      '/etc/haproxy/regent/haproxy.cfg',
    ]);
    bench.reload = RELOAD_HAPROXY;
    await bench.apply(desired);
    await until('haproxy answers', async () => (await bench.probe(desired)).isHealthy);
  });
  afterAll(async () => {
    await bench.stop();
    await host[Symbol.asyncDispose]();
  });

  it("is the node's own for everybody before there is one", async () => {
    for (const name of [null, SITE, 'regent-region']) expect(await shownTo(name)).toBe(NODE);
    expect(await served()).toBe('');
  });

  it.each(['rsa', 'ec'] as const)(
    'is for all but those who ask for regent-region, also by the name of a node (%s)',
    async (kind) => {
      const made = await put(SITE, kind);
      await reload();
      await until('it is shown', async () => (await shownTo(null)) === SITE);
      for (const name of [SITE, STAR, NODE, 'unknown.test']) expect(await shownTo(name), name).toBe(SITE);
      for (const name of ['regent-region', 'REGENT-REGION']) expect(await shownTo(name), name).toBe(NODE);
      const { fingerprint } = new X509Certificate(made.leaf);
      await until('the probe tells it', async () => (await served()) === fingerprint.replaceAll(':', '').toLowerCase());
    },
  );

  it('changes without a refused handshake, and a call that is under way is answered', async () => {
    const question = `printf 'GET /health/epoch HTTP/1.1\\r\\nHost: x\\r\\n'; sleep 4; printf 'Connection: close\\r\\n\\r\\n'; sleep 2`;
    const open = host.start(['bash', '-c', `(${question}) | openssl s_client -quiet -connect 127.0.0.1:5443 2>&1`]);
    let text = '';
    open.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await until('the connection is there', () => text.includes('verify'));
    await put('next.example.test', 'ec');
    const shown: string[] = [];
    const reloaded = reload();
    for (let n = 0; n < 20; n += 1) shown.push(await shownTo(null));
    await reloaded;
    expect(shown).not.toContain('');
    expect(shown.at(-1)).toBe('next.example.test');
    await until('the answer comes over the old connection', () => text.includes('"epoch"'));
  });

  it('is refused by the check where its list is missing, and the process that runs goes on', async () => {
    const [check] = lb.check([
      { target: '/etc/haproxy/regent/haproxy.cfg', staged: '/etc/haproxy/regent/.stage/haproxy.cfg', isChanged: true },
    ]);
    await host.run(['mkdir', '-p', '/etc/haproxy/regent/.stage']);
    await host.run(['cp', '/etc/haproxy/regent/haproxy.cfg', '/etc/haproxy/regent/.stage/']);
    await host.run(['chgrp', '-R', 'haproxy', '/etc/haproxy/regent/.stage']);
    if (check === undefined || !('argv' in check)) throw new Error('there is no check');
    expect((await host.run(check.argv)).code).toBe(0);
    await host.run(['rm', TRUST_FILES.siteList.path]);
    const { code, stderr } = await host.run(check.argv);
    expect(code).not.toBe(0);
    expect(stderr).toContain('site.list');
    await reload();
    expect(await shownTo(null)).toBe('next.example.test');
    host.write(TRUST_FILES.siteList.path, siteListText(false));
    await reload();
    await until("the node's own is shown again", async () => (await shownTo(null)) === NODE);
  });
});
