import { type Client, createClient } from '../../../src/contract/client.ts';
import { startDnsAsker } from '../../../src/drills/probes/dns/asker.ts';
import { askForLease } from '../../../src/lab/dhcp/client.ts';
import { systemRandom } from '../../../src/main/process.ts';
import { type Load, startLoad } from '../faults/load.ts';
import { CLUSTER } from '../../../src/lab/topologies.ts';
import type { Topology } from '../../../src/lab/topology.ts';
import { openProductLab, type ProductLab, type ProductLabOptions } from '../lab.ts';
import { type Regent, regentOf } from '../regent.ts';
import { patient } from '../machine.ts';
import { pause, until } from '../until.ts';
import { patronictl } from './patronictl.ts';
import { type Power, powerOf } from './power.ts';
import { type ClusterNodes, clusterNodes, REGION_NAMES, type RegionName, VIP } from './nodes.ts';

/** A cluster as its operator, through the floating address, and its clients have it; closing it closes its lab. */
export interface ClusterSite extends Regent {
  readonly lab: ProductLab;
  readonly nodes: ClusterNodes;
  readonly client: Client;
  /** `dig` from a client of the management network. */
  dig(...args: string[]): Promise<string>;
  /** Makes a TXT record and waits until a region node answers it. */
  flows(fqdn: string, deadlineMs?: number): Promise<void>;
  /** The address that a new client of a VLAN gets. */
  lease(vlan: string): Promise<string>;
  /** Waits until status and doctor have nothing to say. */
  well(deadlineMs?: number): Promise<void>;
  /** `HOST UNIT` → when it became active. */
  startsOf(units: readonly string[]): Promise<Record<string, string>>;
  /** Hands the database from this primary to a standby, orderly. */
  switchover(from: RegionName): Promise<RegionName>;
  /** Numbered writes through the floating address. */
  startLoad(writesPerSecond?: number): Load;
  /** Waits until a write that was sent after this call is acknowledged. */
  writesFlow(load: Load, deadlineMs: number): Promise<void>;
  /** Acknowledged writes that these hosts' own PostgreSQL do not have, as `HOST NAME`. */
  missingOn(hosts: readonly RegionName[], load: Load): Promise<string[]>;
  readonly power: Power;
  /** Ends what it has started; the lab stays. */
  detach(): void;
  close(): Promise<void>;
}

export const ZONE = 'regent.internal';

/** Boots a whole cluster of this checkout and opens it. */
export async function openClusterSite(
  name: string,
  topology: Topology = CLUSTER,
  options: ProductLabOptions = {},
): Promise<ClusterSite> {
  return clusterSite(await openProductLab(name, topology, options));
}

/** Opens a site on a cluster that runs. */
export function clusterSite(lab: ProductLab): ClusterSite {
  const client = createClient({
    url: lab.url,
    apiKey: lab.apiKey,
    random: systemRandom(),
    timeoutMs: 5_000,
    deadlineMs: 90_000,
  });
  const nodes = clusterNodes(lab);
  const dns = startDnsAsker(lab.layout.clientNetns('mgmt'), VIP);
  const operator = regentOf(lab);
  let numbers = 0;
  return {
    lab,
    nodes,
    client,
    ...operator,
    dig: async (...args) => (await lab.client('mgmt', ['dig', '+time=1', '+tries=2', ...args])).stdout.trim(),
    flows: async (fqdn, deadlineMs = 30_000) => {
      await client.call('record.create', { body: { fqdn, type: 'TXT', data: fqdn } });
      const isThere = async () => (await dns.ask(fqdn, 'TXT', 500)).data.includes(fqdn);
      await until(`an answer to ${fqdn}`, isThere, { deadlineMs: patient(deadlineMs) });
    },
    lease: async (vlan) => {
      const order = { layout: lab.layout, network: vlan, signal: AbortSignal.timeout(60_000) };
      return (await askForLease(order, 60_000)).address;
    },
    well: async (deadlineMs = 90_000) => {
      let said = 'nothing yet';
      const isWell = async () => {
        const doctor = await operator.regent('doctor');
        said = `${doctor.stdout}${doctor.stderr}`.trim();
        return doctor.code === 0;
      };
      await until('a well cluster', isWell, { deadlineMs: patient(deadlineMs), everyMs: 1_500 }).catch(
        (cause: unknown) => {
          throw new Error(`the cluster is not well: ${said}`, { cause });
        },
      );
    },
    startsOf: async (units) => {
      const each = REGION_NAMES.map(async (host) =>
        Object.entries(await nodes.unitStarts(host, units)).map(([unit, at]) => [`${host} ${unit}`, at] as const),
      );
      return Object.fromEntries((await Promise.all(each)).flat());
    },
    switchover: async (from) => {
      await patronictl(lab, from, 'switchover', 'regent', '--leader', from, '--force');
      return until('another primary', async () => (await nodes.primaries()).find((host) => host !== from), {
        deadlineMs: patient(30_000),
      });
    },
    startLoad: (writesPerSecond = 3) => {
      numbers += 100_000;
      return startLoad({ client, dns, domain: ZONE, probe: ZONE, writesPerSecond, firstNumber: numbers });
    },
    writesFlow: async (load, deadlineMs) => {
      const since = performance.now();
      const isThere = () => load.acknowledged.some((write) => write.sentAt > since);
      await until('an acknowledged write', isThere, { deadlineMs: patient(deadlineMs) }).catch(
        async (cause: unknown) => {
          await load.stop();
          throw cause;
        },
      );
    },
    missingOn: async (hosts, load) => {
      const statement = `select string_agg(name || ' ' || data, ',') from records where data like 'n=%'`;
      const found = await Promise.all(
        hosts.map(async (host) => {
          const rows = new Set((await lastWord(() => nodes.sql(host, statement), host)).split(','));
          const label = (fqdn: string) => fqdn.slice(0, fqdn.indexOf('.'));
          return load.acknowledged
            .filter((write) => !rows.has(`${label(write.fqdn)} ${write.data}`))
            .map((write) => `${host} ${write.fqdn}`);
        }),
      );
      return found.flat();
    },
    power: powerOf(lab.layout),
    detach: () => dns.close(),
    close: async () => {
      dns.close();
      await lab.close();
    },
  };
}

/** A standby that has just come back may still be starting. */
async function lastWord(ask: () => Promise<string | null>, host: string): Promise<string> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const answer = await ask();
    if (answer !== null) return answer;
    await pause(500);
  }
  throw new Error(`the database of ${host} does not answer`);
}
