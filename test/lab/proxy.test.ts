import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyAsker, startProxyAsker } from '../../src/drills/probes/web/proxy-asker.ts';
import { kill, up } from '../../src/lab/lab.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import { LAB_PROGRAM, openProductLab, PACKAGES_FILE, type ProductLab } from '../kit/lab.ts';
import { openSite, type Site, told } from '../kit/site.ts';
import { until } from '../kit/until.ts';

const CACHE = '/var/spool/squid/regent';

/** The proxy of one whole host, with its switch and its bad days; each case is left healthy, without hands. */
describe('the proxy', () => {
  let lab: ProductLab;
  let site: Site;
  let asker: ProxyAsker;
  let count = 0;

  beforeAll(async () => {
    lab = await openProductLab('proxy');
    site = openSite(lab);
    const netns = lab.layout.clientNetns('vlan10');
    asker = await startProxyAsker({ netns, host: '10.10.10.1', port: 8000, origin: '10.10.10.100' });
    await site.well();
  }, 400_000);
  afterAll(async () => {
    asker?.close();
    site?.close();
    await lab?.close();
  }, 300_000);

  /** Milliseconds until a new path is fetched through the proxy. */
  const serves = async () => {
    const start = performance.now();
    const isServed = async () => (await asker.fetch(`/new/${(count += 1)}`, 1500)).status === 200;
    await until('a fetch through the proxy', isServed, { deadlineMs: 90_000, everyMs: 50 });
    return Math.round(performance.now() - start);
  };
  /** Fetches a package twice: its origin was asked at most `asked` times then. */
  const keeps = async (path: string, asked: number) => {
    await asker.fetch(path);
    const second = await asker.fetch(path);
    expect(second).toMatchObject({ status: 200, asked });
    expect(second.cache).toContain('hit');
  };

  it('is a caching proxy for the subnets that may use it', async () => {
    const start = performance.now();
    await keeps('/debian/pool/main/a/a_1.0_amd64.deb', 1);
    await site.tell('subnet', 'set', '10.10.10.0/24', '--proxy', 'off', '--wait');
    expect((await asker.fetch('/debian/pool/main/a/a_1.0_amd64.deb')).status).toBe(403);
    await site.tell('subnet', 'set', '10.10.10.0/24', '--proxy', 'on', '--wait');
    await keeps('/debian/pool/main/a/a_1.0_amd64.deb', 1);
    expect((await site.service('proxy')).lastAction).toMatchObject({ kind: 'reload' });
    told('cache and subnets', 'a hit; refused while the subnet may not', start);
  });

  it('goes when it is switched off, and comes back with what it had kept', async () => {
    const start = performance.now();
    await site.tell('setting', 'set', 'enable_http_proxy', 'off', '--wait');
    expect(await site.service('proxy')).toMatchObject({ state: 'absent' });
    expect((await asker.fetch('/off')).status).toBeNull();
    expect(await site.sh('systemctl is-active squid.service; find /etc/squid/regent -type f | wc -l')).toBe(
      'inactive\n0',
    );
    await site.tell('setting', 'set', 'enable_http_proxy', 'on', '--wait');
    await keeps('/debian/pool/main/a/a_1.0_amd64.deb', 1);
    told('switch', 'absent, unit stopped, no files; on again with its cache', start);
  }, 60_000);

  it('refuses a parent with a password, and shows what a parent would change', async () => {
    const refused = await site.regent('setting', 'set', 'http_proxy', 'http://joe:hunter2@192.0.2.1:3128');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('settings hold no secrets');
    expect(refused.stderr).not.toContain('hunter2');
    const dry = await site.tell('setting', 'set', 'http_proxy', 'http://192.0.2.1:3128', '--dry-run');
    expect(dry).toContain('+cache_peer 192.0.2.1 parent 3128');
  });

  it('killed, frozen, and with its cache gone, spoiled or of another owner, it serves again', async () => {
    const start = performance.now();
    const times: Record<string, number> = {};
    const squid = (signal: string) => site.sh(`systemctl kill --kill-whom=main --signal=${signal} squid.service`);
    await squid('KILL');
    times['killed'] = await serves();
    await keeps('/debian/pool/main/a/a_1.0_amd64.deb', 1);
    await squid('STOP');
    times['frozen'] = await serves();
    const why = async () => (await site.service('proxy')).lastAction?.why ?? '';
    await until('the reason of the restart', async () => (await why()).includes('no healthy answer 3 times in a row'));
    for (const [what, damage] of [
      ['gone', `rm -rf ${CACHE}`],
      ['spoiled', `head -c 5000 /dev/urandom >${CACHE}/swap.state; rm -rf ${CACHE}/0[0-3]`],
      ['of another owner', `chown -R root:root ${CACHE}; chmod 700 ${CACHE}`],
      ['no folder', `rm -rf ${CACHE}; touch ${CACHE}`],
    ] as const) {
      await site.sh(damage);
      await squid('KILL');
      times[what] = await serves();
      await keeps(`/debian/pool/main/b/${what.replaceAll(' ', '-')}.deb`, 1);
    }
    await site.well();
    told('bad days', `serves after (ms) ${JSON.stringify(times)}`, start);
  }, 180_000);

  it('the power cut: it serves again, and hands out nothing that was cut off', async () => {
    const start = performance.now();
    const path = '/debian/pool/main/c/c_1.0_amd64.deb';
    await keeps(path, 1);
    await kill(lab.layout, 'r1');
    await up({
      layout: lab.layout,
      topology: SINGLE,
      packagesFile: PACKAGES_FILE,
      program: LAB_PROGRAM,
      progress: () => {},
    });
    await serves();
    // Written a moment before: not trusted, so fetched anew and kept again.
    await keeps(path, 2);
    expect(await site.sh('journalctl --boot --unit squid.service --output=cat')).toContain(
      'the host ended without Squid',
    );
    await site.well();
    told('power cut', 'serves, what was written last is fetched anew', start);
  }, 180_000);
});
