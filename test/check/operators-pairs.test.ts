import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askKea } from '../../ha/dhcp/kea.ts';
import { TRUST_FILES } from '../../src/model/cluster/trust-files.ts';
import type { Authority } from '../../src/pki/authority.ts';
import { serviceOf } from '../../src/services/kit/instances.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { testAuthority, testIdentity, type TestIdentity, testPair, type TestPair } from '../kit/cluster/pki.ts';
import { KEY, monotonic, PairSite, type Rack, RACKS } from '../kit/dhcp/pair-site.ts';
import { patient } from '../kit/machine.ts';
import { tlsOf } from '../kit/dhcp/pair-kea.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { pairAuthorities, PAIR_FACTS, pairDesired, pairSnapshot } from '../kit/pairs.ts';
import { pause, until } from '../kit/until.ts';

/** Security S13: the port of a Kea for its partner, with real Keas. What a local user without rights of the partner can do there. */

const PLACES: Readonly<Record<Rack, string>> = { k1: '10.77.0.21:21003', k2: '10.77.0.22:21004' };
const BUNDLE = TRUST_FILES.pairBundle;
const PARTNER = `/etc/kea/regent-${KEY}/partner.crt`;
const AT = '/opt/callers';
/** What the port must not take from a local user; each is harmless here. */
const COMMANDS = {
  'ha-heartbeat': {},
  'lease4-del': { 'ip-address': '10.20.250.250' },
  'lease4-get-page': { from: 'start', limit: 1 },
  'dhcp-disable': { 'max-period': 1, 'origin-id': 3000 },
} as const;

let site: PairSite;
let authority: Authority;
const pairs = {} as Record<Rack, TestPair>;
const lines: string[] = [];

beforeAll(async () => {
  site = await PairSite.open();
  await site.whole();
  authority = await testAuthority();
  for (const rack of RACKS) pairs[rack] = await testPair(authority, rack, [PLACES[rack].split(':')[0] ?? '']);
}, 120_000);
afterAll(async () => {
  process.stdout.write(
    `\nsecurity S13: who commands the Kea of a rack at its port for the partner\n${lines.join('\n')}\n`,
  );
  await site[Symbol.asyncDispose]();
});

/** As the agent installs it; `partner`: by whom the other one is known. */
function place(rack: Rack, own: TestPair, partner: TestPair): void {
  const host = site.host(rack);
  host.write(BUNDLE.path, `${own.certificate}${own.key}`, BUNDLE);
  host.write(PARTNER, partner.authority, { mode: 0o640, group: '_kea' });
}

function give(who: string, { certificate, key }: Pick<TestIdentity, 'certificate' | 'key'>): string {
  const path = `${AT}/${who.replaceAll(/[^a-z0-9]+/g, '-')}`;
  site.host('k2').write(`${path}.pem`, `${certificate}${key}`, { mode: 0o644 });
  return `--cert ${path}.pem`;
}

/** A user without rights on k2 calls the Kea of k1; '': the port took nothing. */
async function call(scheme: string, command: keyof typeof COMMANDS, options = ''): Promise<string> {
  const body = JSON.stringify({ command, arguments: COMMANDS[command] });
  const url = `${scheme}://${PLACES.k1}/`;
  const line = `curl --silent --insecure --max-time 5 ${options} --header 'content-type: application/json' --data '${body}' ${url}`;
  const { stdout } = await site.host('k2').run(['runuser', '-u', 'nobody', '--', 'sh', '-c', line]);
  return stdout;
}

async function judge(who: string, scheme: string, options = ''): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const command of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])
    if (/"result": ?[0-9]/.test(await call(scheme, command, options))) taken.push(command);
  lines.push(`${who}: ${taken.length === 0 ? 'nothing is taken' : `TAKEN: ${taken.join(', ')}`}`);
  return taken;
}

/** The longest time without a lease since a moment, s. */
function gapSince(from: number): number {
  const times = [from, ...site.given.map(({ at }) => at).filter((at) => at >= from), monotonic()];
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at))) / 1000;
}

/** The serial number of the certificate that a Kea shows. */
async function shown(rack: Rack): Promise<string> {
  const ask = `openssl s_client -connect ${PLACES[rack]} -cert ${BUNDLE.path} -key ${BUNDLE.path} </dev/null 2>/dev/null | openssl x509 -noout -serial`;
  return (await site.host(rack === 'k1' ? 'k2' : 'k1').run(['sh', '-c', ask])).stdout.trim();
}

/** What a Kea says of its partner. */
async function hears(rack: Rack): Promise<boolean> {
  const socket = site.host(rack).path(`/run/kea/kea4-${KEY}.sock`);
  const status = JSON.stringify(await askKea(socket, { command: 'status-get' }));
  return status.includes('"communication-interrupted":false') && status.includes('"last-state":"hot-standby"');
}

const wholeAndTls = async () => {
  await site.whole();
  const both = async () => (await hears('k1')) && (await hears('k2'));
  await until('both to hear each other', both, { deadlineMs: 10_000 });
};

/** Tests go on from each other, as an upgrade does. */
describe('security S13: the port of a Kea for its partner', () => {
  it('a pair in clear text takes everything from everybody: what a cluster in an upgrade still has', async () => {
    expect(await judge('before: a local user, clear text', 'http')).toEqual(Object.keys(COMMANDS));
  });

  it('what makes a Kea speak TLS here is what the product writes', () => {
    const service = serviceOf(SERVICES, `dhcp@${KEY}`);
    const desired = pairDesired({ ...pairSnapshot(), ...pairAuthorities(1, 2) }, 'k1')[`dhcp@${KEY}`];
    if (!service || !desired) throw new Error('there is no such pair');
    const files = renderService(service, desired, { facts: PAIR_FACTS, templates: goldenTemplates(), generation: 1 });
    const { content = '' } =
      files.find(({ target }) => target === `/etc/kea/regent-${KEY}/kea-dhcp4-${KEY}.conf`) ?? {};
    const written = JSON.stringify(JSON.parse(content));
    for (const member of JSON.stringify(tlsOf(KEY)).slice(1, -1).split(',')) expect(written).toContain(member);
    expect(files.find(({ target }) => target === PARTNER)).toMatchObject({ mode: 0o640, owner: 'root', group: '_kea' });
  });

  it('both change to TLS, the serving side right after the other one', async () => {
    place('k1', pairs.k1, pairs.k2);
    place('k2', pairs.k2, pairs.k1);
    for (const rack of RACKS) site.configure(rack, `${'tls'.padEnd(16, '-')}t`, true);
    await pause(500);
    const from = monotonic();

    // Each agent in its own time.
    const [first, second] = await Promise.all([site.reload('k1'), pause(700).then(() => site.reload('k2'))]);
    const apart = monotonic() - from - 700;
    await wholeAndTls();

    lines.push(
      `both change to TLS: ${gapSince(from).toFixed(2)} s without a lease; the second one read its file ${(apart / 1000).toFixed(2)} s after the first one began`,
    );
    expect(first.why).toContain('its partner runs it');
    expect(second.why).toContain('it does not serve');
    expect(apart).toBeLessThan(patient(5000));
    expect(gapSince(from)).toBeLessThan(patient(4000) / 1000);
  });

  it('nobody but the partner is taken', async () => {
    const node = await testIdentity(authority, { nodeId: 'k2', addresses: ['10.77.0.22'] });
    const region = await testIdentity(authority, { nodeId: 'r1', isRegion: true });
    const third = await testPair(authority, 'k3', ['10.77.0.23']);
    const stranger = await testPair(await testAuthority('c2'), 'k2', ['10.77.0.22'], pairs.k2.name);

    expect(await judge('a local user, clear text', 'http')).toEqual([]);
    expect(await judge('a local user without a certificate', 'https')).toEqual([]);
    expect(await judge('the certificate of the partner as a node', 'https', give('node', node))).toEqual([]);
    expect(await judge('the certificate of a region node', 'https', give('region', region))).toEqual([]);
    expect(await judge('the certificate of a third rack for its partners', 'https', give('third', third))).toEqual([]);
    expect(await judge('its own certificate for partners', 'https', give('own', pairs.k1))).toEqual([]);
    expect(await judge('a partner of that name in another cluster', 'https', give('stranger', stranger))).toEqual([]);
    // The key is the proof: with it, and only with it, somebody is the partner.
    expect(await judge('whoever has the key of the partner', 'https', give('partner', pairs.k2))).toHaveLength(4);
  });

  it('no user but Kea reads the key', async () => {
    const readers: string[] = [];
    for (const user of ['nobody', 'www-data', 'haproxy', 'etcd', 'postgres', '_chrony', 'bind', '_kea']) {
      const ran = await site.host('k2').run(['runuser', '-u', user, '--', 'cat', BUNDLE.path]);
      if (ran.stdout.includes('PRIVATE KEY')) readers.push(user);
    }
    lines.push(`users who read the key: ${readers.join(', ')}`);
    expect(readers).toEqual(['_kea']);
  });

  it.each(RACKS)('the certificate of %s is renewed: Kea shows the new one and gives leases on', async (rack) => {
    const before = await shown(rack);
    const renewed = await testPair(authority, rack, ['10.77.0.21'], pairs[rack].name);
    pairs[rack] = renewed;
    place(rack, renewed, pairs[rack === 'k1' ? 'k2' : 'k1']);
    expect(await shown(rack)).toBe(before);
    const from = monotonic();

    await site.reload(rack);

    await wholeAndTls();
    const after = await shown(rack);
    lines.push(`${rack} is renewed: ${gapSince(from).toFixed(2)} s without a lease`);
    expect(after).toMatch(/^serial=/);
    expect(after).not.toBe(before);
    expect(gapSince(from)).toBeLessThan(patient(3000) / 1000);
  });

  it('the partner was removed and came back: what it had before is not taken any more', async () => {
    const old = pairs.k2;
    pairs.k2 = await testPair(authority, 'k2', ['10.77.0.22']);
    place('k1', pairs.k1, pairs.k2);
    await site.reload('k1');
    expect(await judge('what a removed partner had', 'https', give('removed', old))).toEqual([]);

    place('k2', pairs.k2, pairs.k1);
    await site.reload('k2');

    await wholeAndTls();
  });
});
