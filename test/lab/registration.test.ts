import { copyFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rack } from '../../src/contract/cluster/rack.ts';
import { up } from '../../src/lab/lab.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import type { Topology } from '../../src/lab/topology.ts';
import { LAB_PROGRAM, openProductLab, PACKAGES_FILE, type ProductLab } from '../kit/lab.ts';
import { openSite, type Site, told } from '../kit/site.ts';
import { until } from '../kit/until.ts';

/** A region at rest, and a host that is new beside it and will run the agent alone: another network namespace, another UUID. */
const WITH_RACK: Topology = {
  ...SINGLE,
  name: 'region and rack',
  hosts: [...SINGLE.hosts, { name: 'k1', nics: [{ device: 'eth0', network: 'mgmt', address: '10.77.0.21/24' }] }],
};
const WITHIN = { deadlineMs: 90_000, everyMs: 250 };
const CHRONY = '/etc/chrony/regent/chrony.conf';

/** Registers a rack of its own with a wrong node credential, by the product's own code; prints status and state. */
const STRANGER = `
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
const from = (path) => import('/opt/regent/current/src/' + path);
const { rackAuthorization } = await from('contract/cluster/rack-signature.ts');
const { publicKeyOf } = await from('core/signature.ts');
const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const uuid = randomUUID();
const call = { method: 'POST', path: '/agent/v1/register', body: { uuid, name: 'stranger', publicKey: publicKeyOf(key) } };
const proof = { uuid, time: Date.now(), nonce: randomBytes(16).toString('hex') };
const headers = {
  'content-type': 'application/json',
  authorization: rackAuthorization(call, proof, key),
  'x-regent-node-credential': 'node:r1:wrongwrongwrongwrong',
};
const asked = request({ ...JSON.parse(process.argv[1]), method: call.method, path: call.path, headers }, async (answer) => {
  let text = '';
  for await (const part of answer) text += part;
  const { state, code } = JSON.parse(text);
  console.log(answer.statusCode, state ?? code);
});
asked.end(JSON.stringify(call.body));`;

describe('registration of real racks', () => {
  let lab: ProductLab;
  let site: Site;
  beforeAll(async () => {
    lab = await openProductLab('racks');
    const { layout } = lab;
    await up({ layout, topology: WITH_RACK, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: () => {} });
    site = openSite(lab);
  }, 600_000);
  afterAll(async () => {
    site?.close();
    await lab?.close();
  }, 300_000);

  const k1 = (script: string, timeoutMs?: number) => lab.ask('k1', ['sh', '-c', script], timeoutMs);
  const show = async (rack: string): Promise<Rack> =>
    JSON.parse(await site.tell('rack', 'show', rack, '-o', 'json')) as Rack;
  const uuidOn = (host: string) => lab.ask(host, ['sed', '-n', 's/^CLUSTER_UUID=//p', '/etc/regent/rack.conf']);
  const isState = (uuid: string, state: string) =>
    until(`the rack is ${state}`, async () => (await show(uuid).catch(() => null))?.state === state, WITHIN);
  const machines = async () => (await site.tell('machine', 'list', '-o', 'name')).trim();
  const chronyRuns = async () =>
    (await lab.exec('k1', ['systemctl', 'is-active', 'chrony'])).stdout.trim() === 'active';

  it("the region's own host is the master without hands, by its socket's peer credentials", async () => {
    const started = performance.now();
    const uuid = await uuidOn('r1');
    await isState(uuid, 'accepted');
    const master = await show('master');
    expect(master).toMatchObject({ uuid, node: 'r1', source: 'unix', isMaster: true, isPlaceholder: false });
    expect(await site.sh('cat /etc/regent/rack.conf')).toContain('MAAS_URL=http://10.77.0.11:5240/MAAS');
    expect(await site.sh('stat -c "%a %U" /var/lib/regent/agent/rack-key')).toBe('600 regent-agent');
    expect(master.vlans.map(({ interface: nic }) => nic)).toContain('eth1');
    told('own host', `${master.name} accepted, master`, started);
  });

  it('a process of this host that is neither root nor the agent is not the own host, nor is its loopback', async () => {
    // A wrong credential beside the signature is looked at on the own host alone: there it is refused, else the rack waits.
    const asUser = (user: string) => `setpriv --reuid=${user} --regid=regent-agent --clear-groups`;
    const node = '/opt/regent/current/bin/node --input-type=module -e';
    const register = (user: string, target: string) =>
      site.sh(`${asUser(user)} ${node} "$(cat <<'PROGRAM'\n${STRANGER}\nPROGRAM\n)" '${target}'`, 30_000);
    const socket = JSON.stringify({ socketPath: '/run/regent/agent-api.sock' });
    const loopback = JSON.stringify({ host: '127.0.0.1', port: 5240 });
    expect(await register('root', socket)).toBe('401 unauthenticated');
    expect(await register('regent-agent', socket)).toBe('401 unauthenticated');
    expect(await register('nobody', socket)).toBe('200 waiting');
    expect(await register('root', loopback)).toBe('200 waiting');
    const strangers = JSON.parse(await site.tell('rack', 'list', '--state', 'waiting', '-o', 'json')) as Rack[];
    expect(new Set(strangers.map(({ source }) => source))).toEqual(new Set(['127.0.0.1', 'unix']));
    for (const { uuid } of strangers) await site.tell('rack', 'delete', uuid ?? '');
  });

  it('a second one waits, gets nothing, is accepted, serves, is rejected, serves nothing; machines survive', async () => {
    const started = performance.now();
    await site.tell('machine', 'create', 'm1', '--mac', '52:54:00:00:00:71');
    copyFileSync(lab.archive, `${lab.layout.rootOf('k1')}/var/tmp/${basename(lab.archive)}`);
    const unpack = `mkdir /var/tmp/r && tar xzf /var/tmp/${basename(lab.archive)} -C /var/tmp/r --strip-components=1`;
    await k1(`${unpack} && /var/tmp/r/scripts/install`, 300_000);
    const uuid = await uuidOn('k1');
    expect(uuid).not.toBe(await uuidOn('r1'));
    await k1(`printf 'export MAAS_URL = "http://10.77.0.11:5240/MAAS"  # the region\\r\\n' >>/etc/regent/rack.conf`);
    await k1('systemctl enable --now regent-agent', 60_000);
    await isState(uuid, 'waiting');
    expect(await show(uuid)).toMatchObject({ name: 'k1', source: '10.77.0.21', node: null, isMaster: false });
    expect((await lab.exec('k1', ['ls', '/var/lib/regent/agent/ledger.json', CHRONY])).code).not.toBe(0);
    told('another host', 'waits, has nothing', started);

    await site.tell('rack', 'accept', 'k1');
    await until('time service on k1', chronyRuns, WITHIN);
    await until(
      'k1 is current',
      async () => (await site.tell('node', 'show', 'k1', '-o', 'json')).includes('"isCurrent": true'),
      WITHIN,
    );
    await site.tell('machine', 'create', 'm2', '--mac', '52:54:00:00:00:72', '--rack', 'k1');
    told('another host', 'accepted, serves', started);

    await site.tell('rack', 'reject', 'k1');
    await until('nothing is served', async () => !(await chronyRuns()), WITHIN);
    await until('its files are gone', async () => (await lab.exec('k1', ['ls', CHRONY])).code !== 0, WITHIN);
    expect((await machines()).split('\n')).toHaveLength(2);
    expect(await site.tell('machine', 'show', 'm2', '-o', 'json')).toContain('"rack": null');
    told('another host', 'rejected, serves nothing', started);
  }, 600_000);

  it('asks again and stays rejected; installed anew it is the same rack; accepted again it serves', async () => {
    const started = performance.now();
    const uuid = await uuidOn('k1');
    const key = (await show(uuid)).publicKey;
    /** It asks when it starts, and then once a minute. */
    const journal = 'journalctl --no-pager "_SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID regent-agent)"';
    const asksAnew = async (start: string) => {
      await k1(start, 300_000);
      const isTold = async () => /"state":"rejected".*"the rack has a new state"/.test(await k1(journal));
      await until('it asked and was told', isTold, WITHIN);
    };
    await asksAnew('systemctl restart regent-agent');
    await k1('rm -f /etc/regent/rack.conf && /var/tmp/r/scripts/install', 300_000);
    expect(await uuidOn('k1')).toBe(uuid);
    await asksAnew(
      'echo MAAS_URL=http://10.77.0.11:5240/MAAS >>/etc/regent/rack.conf && systemctl restart regent-agent',
    );
    expect(await show(uuid)).toMatchObject({ state: 'rejected', publicKey: key });
    expect(await chronyRuns()).toBe(false);
    await site.tell('rack', 'accept', uuid);
    // That it serves without hands within that minute is judged where minutes are seconds: scenario/registration.
    await k1('systemctl restart regent-agent', 60_000);
    await until('time service on k1', chronyRuns, WITHIN);
    told('another host', 'accepted again, serves', started);
  }, 600_000);

  it('a bad line of rack.conf is told with its number', async () => {
    await k1("sed -i '1i nonsense' /etc/regent/rack.conf && systemctl restart --no-block regent-agent");
    const journal = () => k1('journalctl --no-pager -u regent-agent -n 20');
    await until('the sentence', async () => (await journal()).includes('rack.conf, line 1: there is no'), WITHIN);
    await k1('sed -i 1d /etc/regent/rack.conf && systemctl restart regent-agent', 60_000);
  }, 120_000);

  it('the succession: when the master is rejected the next oldest takes it, then the placeholder', async () => {
    const own = await uuidOn('r1');
    expect(await show('master')).toMatchObject({ uuid: own });
    await site.tell('rack', 'reject', own);
    expect(await show('master')).toMatchObject({ name: 'k1' });
    await site.tell('rack', 'reject', 'k1');
    expect(await show('master')).toMatchObject({ isPlaceholder: true, machines: 2 });
    // The region on the rejected host goes on.
    expect(await site.dig('+short', '@10.10.10.1', 'regent.internal', 'SOA')).toMatch(/\d/);
    await site.tell('rack', 'accept', own);
    expect(await show('master')).toMatchObject({ uuid: own, machines: 2 });
  }, 120_000);
});
