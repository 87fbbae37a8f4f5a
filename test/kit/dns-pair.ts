import { join } from 'node:path';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { type CompiledSite, compileSite } from '../../src/services/compile-node.ts';
import { dns } from '../../src/services/dns/index.ts';
import { DaemonBench } from './daemon-bench.ts';
import { DebianHost, type Ran } from './debian-root.ts';
import { aDomain, aRack, aSubnet, clusterSnapshot, machine } from './snapshots.ts';
import type { Node } from '../../src/model/cluster/node.ts';

const NAMED = ['/usr/sbin/named', '-f', '-u', 'bind', '-c', '/etc/bind/regent/named.conf'];
export const REGION = '10.77.0.11';
export const RACK = '10.77.0.21';

/** A region node r1 and a rack k1 with a VLAN, two domains and a machine; `changes`: members that are others. */
export function pairSite(changes: Partial<Snapshot> = {}): Snapshot {
  const node = (id: string, address: string, isRegion: boolean): Node => ({
    id,
    name: id.slice(2),
    isRegion,
    isRack: !isRegion,
    addresses: [address],
    state: 'member',
  });
  return clusterSnapshot({
    nodes: [node('n-k1', RACK, false), node('n-r1', REGION, true)],
    racks: [aRack(1, 'n-k1', true)],
    subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24')],
    domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test')],
    machines: [machine('web1', 2, { eth0: ['10.10.10.21'] })],
    ...changes,
  });
}

/** Runs a command on a host. */
type Run = (argv: readonly string[]) => Promise<Ran>;
type Compiled = CompiledSite['nodes'] extends ReadonlyMap<string, infer One> ? One | undefined : never;

/** The real named of a region node and of a rack, on hosts with a wire between them; a client of the rack, and a partner's host at the region node. */
export class DnsPair implements AsyncDisposable {
  readonly region: DebianHost;
  readonly rack: DebianHost;
  readonly client: Run;
  readonly partner: Run;
  readonly primary: DaemonBench;
  readonly copy: DaemonBench;
  #versions: Snapshot['versions'] = [];

  private constructor(
    hosts: readonly [DebianHost, DebianHost],
    runs: readonly [Run, Run],
    benches: readonly [DaemonBench, DaemonBench],
  ) {
    [this.region, this.rack] = hosts;
    [this.client, this.partner] = runs;
    [this.primary, this.copy] = benches;
  }

  /** `partner`: address of the partner's host, in 192.0.2.0/24. */
  static async open(partner: string): Promise<DnsPair> {
    const templates = await readTemplates(join(import.meta.dirname, '../../templates'));
    const hosts = [await DebianHost.open(), await DebianHost.open()] as const;
    const [region, rack] = hosts;
    for (const host of hosts) {
      await host.run(['install', '-d', '-o', 'root', '-g', 'bind', '-m', '775', '/run/named']);
      await host.run(['sh', '-c', 'test -e /etc/bind/rndc.key || rndc-confgen -a -u bind']);
    }
    await region.wire(rack, `${REGION}/24`, `${RACK}/24`);
    const client = await rack.stranger('10.10.10.1/24', '10.10.10.100/24');
    const runs = [client, await region.stranger('192.0.2.1/24', `${partner}/24`)] as const;
    return new DnsPair(hosts, runs, [
      new DaemonBench(region, dns, templates, NAMED),
      new DaemonBench(rack, dns, templates, NAMED),
    ]);
  }

  /** Publishes a snapshot as the region would and applies it as the agents would: on the region node, on the rack, or on both. Gives what was done in each place, the findings of the region node, and what the rack is to have. */
  async publish(snapshot: Snapshot, places: readonly ('region' | 'rack')[] = ['region', 'rack']) {
    const compiled = compileSite(
      { ...snapshot, versions: this.#versions },
      [dns],
      new Map(),
      Math.floor(Date.now() / 1000),
    );
    this.#versions = compiled.versions;
    const [region, rack]: Compiled[] = ['n-r1', 'n-k1'].map((id) => compiled.nodes.get(id));
    const of = (node: Compiled) => node?.body.services['dns']?.desired;
    const kinds: string[] = [];
    if (places.includes('region')) kinds.push((await this.primary.apply(of(region))).kind);
    if (places.includes('rack')) kinds.push((await this.copy.apply(of(rack))).kind);
    return { kinds, findings: region?.findings, wanted: of(rack) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.primary.stop();
    await this.copy.stop();
    await this.region[Symbol.asyncDispose]();
    await this.rack[Symbol.asyncDispose]();
  }
}
