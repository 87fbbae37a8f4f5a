import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import { execDhcpClient } from '../../src/lab/dhcp/client.ts';
import { systemRandom } from '../../src/main/process.ts';
import { reportText, runFaults } from '../kit/faults/run.ts';
import { TARGETS } from '../kit/faults/targets.ts';
import { RANDOM } from '../kit/dice.ts';
import { openProductLab, type ProductLab } from '../kit/lab.ts';
import { openSite, type Site } from '../kit/site.ts';

/**
 * Unset: one round of all. `REGENT_FAULT_ROUNDS`, `_SEED` and `_TARGETS` (names with commas) ask for more, for the same again, for some;
 * `_CASES`: how many of a round's faults are drawn by the seed (CI, where they turn with the commits).
 */
const ROUNDS = Number(process.env['REGENT_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['REGENT_FAULT_SEED'] ?? RANDOM.seed);
const CASES = Number(process.env['REGENT_FAULT_CASES'] ?? Number.POSITIVE_INFINITY);
const WANTED = process.env['REGENT_FAULT_TARGETS']?.split(',') ?? [];

/** Two pools with a reserved range between them (last bytes): the second pool is the lab's own. */
const POOLS = [
  [101, 149],
  [200, 250],
] as const;
const isPool = (address: string) => {
  const last = Number(/^10\.10\.10\.(\d+)$/.exec(address)?.[1] ?? 0);
  return POOLS.some(([first, end]) => first <= last && last <= end);
};

describe('every process killed and frozen in turn, under 20 writes/s and DNS, DHCP and proxy probes', () => {
  let lab: ProductLab;
  let site: Site;
  beforeAll(async () => {
    lab = await openProductLab('faults');
    site = openSite(lab);
    await site.tell('range', 'create', '10.10.10.101-10.10.10.149', '--kind', 'dynamic', '--wait');
    await site.tell('range', 'create', '10.10.10.150-10.10.10.199', '--kind', 'reserved', '--wait');
    // What clients give back while Kea is down nobody hears: over many rounds such addresses must come back by themselves.
    await site.tell('setting', 'set', 'dhcp_lease_time', '120', '--wait');
    await site.well();
  }, 400_000);
  afterAll(async () => {
    site?.close();
    await lab?.close();
  }, 300_000);

  it(
    'comes back without hands and loses no acknowledged write or lease',
    async () => {
      // A patient client: a backlog after a freeze may take long on a busy machine, and giving up is no loss but a failure here.
      const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom(), deadlineMs: 120_000 });
      const targets = TARGETS.filter(({ name }) => WANTED.length === 0 || WANTED.includes(name));
      const drawn = { rounds: ROUNDS, seed: SEED, cases: CASES, targets };
      const order = { layout: lab.layout, client, ...drawn, writesPerSecond: 20, isPool };
      const real = keepRenewing(lab);
      const report = await runFaults({ ...order, print: (line) => console.log(line) });
      const addresses = await real.stop();
      console.log(reportText(report));
      console.log(`a real client's addresses, asked for anew every 2 s: ${[...new Set(addresses)].join(', ')}`);
      expect(report.results.filter((result) => result.recovered === null)).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(100);
      expect({
        missing: report.missing,
        twice: report.twice,
        unanswered: report.unanswered,
        failures: report.failures,
      }).toEqual({ missing: [], twice: [], unanswered: [], failures: [] });
      expect(report.leases.acknowledged).toBeGreaterThan(100);
      expect(report.leases).toMatchObject({ doubled: [], lost: [], strange: [] });
      expect(addresses.length).toBeGreaterThan(10);
      expect(new Set(addresses).size).toBe(1);
    },
    ROUNDS * 1_200_000,
  );
});

/** A machine with udhcpc that renews its lease every 2 s, whatever answers; `stop` tells the address that it had each time. */
function keepRenewing(lab: ProductLab): { stop(): Promise<string[]> } {
  const ending = new AbortController();
  const loop = 'while sleep 2; do sed -n s/^ip=//p /run/lease; kill -USR1 $(busybox pidof udhcpc); done';
  const order = { layout: lab.layout, network: 'vlan10', hostname: 'keeper', signal: ending.signal };
  const running = execDhcpClient(order, ['sh', '-c', loop], { timeoutMs: ROUNDS * 1_200_000 });
  // Told by stop, also when it failed long before.
  running.catch(() => undefined);
  return {
    stop: async () => {
      ending.abort();
      return (await running).stdout.split('\n').filter((line) => line !== '');
    },
  };
}
