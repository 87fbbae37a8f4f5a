import { type Client, createClient } from '../../src/contract/client.ts';
import { type DhcpAsker, startDhcpAsker } from '../../src/drills/probes/dhcp/asker.ts';
import { macOf } from '../../src/drills/probes/dhcp/packet.ts';
import { systemRandom } from '../../src/main/process.ts';
import { OWN_PLACES } from '../../src/services/dhcp/places.ts';
import { openProductLab, type ProductLab } from '../kit/lab.ts';
import { pause, until } from '../kit/until.ts';
import { each } from './each.ts';
import { type Figure, median, most, percentile } from './report.ts';

const ROUNDS = 40;
const VLANS = 200;
/** On the same VLAN as the lab's own subnet; wide enough for every static lease. */
const WIDE = '10.20.0.0/16';
/** Calls at once: more only wait for each other. */
const AT_ONCE = 16;

/**
 * A whole host with 200 VLANs, then 1,000 and 10,000 static leases: from the acknowledged change to the lease on the wire, and Kea's own
 * reload. Needs root.
 */
export async function benchDhcp(): Promise<Figure[]> {
  const lab = await openProductLab('bench');
  const asker = startDhcpAsker(lab.layout.clientNetns('vlan10'));
  try {
    const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom() });
    await makeVlans(client);
    await client.call('subnet.create', { body: { cidr: WIDE, vlan: 'vlan10' } });
    const figures: Figure[] = [];
    let made = 0;
    for (const [series, count] of [0, 1000, 10_000].entries()) {
      await makeLeases(client, made, count);
      made = count;
      await settled(client);
      const latencies = await changesToLeases(client, asker, series);
      const [p95, middle] = [percentile(latencies, 0.95), median(latencies)];
      const most95 = count <= 1000 ? 2000 : null;
      figures.push(
        most(`static lease made → given, ${VLANS} VLANs, ${count} leases, p95`, p95, {
          unit: 'ms',
          target: most95,
          note: `median ${middle.toFixed(0)} ms, most ${Math.max(...latencies).toFixed(0)} ms, ${ROUNDS} rounds`,
        }),
        most(`config-reload of Kea, ${count} static leases`, await reloadMs(lab), { unit: 'ms', target: null }),
      );
    }
    return figures;
  } finally {
    asker.close();
    await lab.close();
  }
}

/** VLANs with a subnet and a range each; the node stands on one of them, as a rack of a large site does. */
async function makeVlans(client: Client): Promise<void> {
  await each({ count: VLANS - 1, atOnce: AT_ONCE }, async (index) => {
    const name = `bench${index}`;
    await client.call('vlan.create', { body: { name, vid: 1000 + index } });
    const net = `10.${100 + Math.floor(index / 100)}.${index % 100}`;
    await client.call('subnet.create', { body: { cidr: `${net}.0/24`, vlan: name } });
    await client.call('range.create', { body: { kind: 'dynamic', first: `${net}.100`, last: `${net}.200` } });
  });
}

async function makeLeases(client: Client, from: number, to: number): Promise<void> {
  await each({ count: to - from, atOnce: AT_ONCE }, async (offset) => {
    const index = from + offset;
    const address = `10.20.${1 + (index >> 7)}.${1 + (index & 127)}`;
    await client.call('reservation.create', { body: { address, mac: macOf(0x20, index) } });
  });
}

async function changesToLeases(client: Client, asker: DhcpAsker, series: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // An address that somebody has leased is nobody else's for a while.
    const number = series * ROUNDS + round;
    const address = `10.10.10.${20 + number}`;
    const mac = macOf(0x30, number);
    const { body } = await client.call('reservation.create', { body: { address, mac } });
    const acknowledged = performance.now();
    await until(`a lease of ${address}`, async () => (await asker.lease(mac, { timeoutMs: 300 })).address === address, {
      deadlineMs: 60_000,
      everyMs: 20,
    });
    latencies.push(performance.now() - acknowledged);
    await client.call('reservation.delete', { params: { reservation: String(body.id) } });
    // The next change comes at no fixed phase of this one's.
    await pause(300 + Math.random() * 600);
  }
  return latencies;
}

async function settled(client: Client): Promise<void> {
  const isWell = async () => (await client.call('status.show', {})).body.nodes.every((node) => node.isCurrent);
  await until('everything is in force', isWell, { deadlineMs: 300_000, everyMs: 500 });
}

/** Median of five reloads, asked in the host by its own runtime. */
async function reloadMs(lab: ProductLab): Promise<number> {
  const program = `
    const net = require('node:net');
    const reload = () => new Promise((done, fail) => {
      const started = performance.now();
      const socket = net.connect(${JSON.stringify(OWN_PLACES.socket)}, () => socket.write('{"command":"config-reload"}'));
      let text = '';
      socket.setTimeout(60000, () => fail(new Error('no answer')));
      socket.on('data', (data) => { text += data; });
      socket.on('end', () => /"result": 0/.test(text) ? done(performance.now() - started) : fail(new Error(text)));
      socket.on('error', fail);
    });
    (async () => { const all = []; for (let i = 0; i < 5; i += 1) all.push(await reload()); console.log(JSON.stringify(all)); })();`;
  const out = await lab.ask('r1', ['/opt/regent/current/bin/node', '-e', program], 180_000);
  return median(JSON.parse(out) as number[]);
}
