import type { Layout } from '../../../src/lab/layout.ts';
import { type DhcpAsker, startDhcpAsker } from '../../../src/drills/probes/dhcp/asker.ts';
import { type DnsAsker, startDnsAsker } from '../../../src/drills/probes/dns/asker.ts';
import { type ProxyAsker, startProxyAsker } from '../../../src/drills/probes/web/proxy-asker.ts';
import { type DhcpLedger, type DhcpLoad, EMPTY_DHCP, startDhcpLoad } from './dhcp.ts';
import { startProxyLoad } from './proxy.ts';

/** The lab's vlan10 as its clients know it. */
const SERVER = '10.10.10.1';
const CLIENT = '10.10.10.100';
const PROXY_PORT = 8000;

/** Clients of every service on vlan10. */
export interface Clients {
  readonly dns: DnsAsker;
  readonly dhcp: DhcpAsker;
  readonly proxy: ProxyAsker;
  close(): void;
}

/** Starts them in the namespace of the lab's client of vlan10. */
export async function startClients(layout: Layout): Promise<Clients> {
  const netns = layout.clientNetns('vlan10');
  const dns = startDnsAsker(netns, SERVER);
  const dhcp = startDhcpAsker(netns);
  const proxy = await startProxyAsker({ netns, host: SERVER, port: PROXY_PORT, origin: CLIENT });
  return {
    dns,
    dhcp,
    proxy,
    close: () => {
      for (const one of [dns, dhcp, proxy]) one.close();
    },
  };
}

/** Leases and fetches of one round. */
export interface Probes {
  mark(): void;
  /** Longest times without, since `mark`, ms. */
  gaps(): { readonly dhcp: number; readonly proxy: number };
  /** What does not come any more; null when all comes. */
  missing(): string | null;
  stop(): Promise<DhcpLedger>;
}

/** What `missing` allows between two answers, ms: both are asked for more often. */
const STEADY_MS = 2000;

/** Starts both. Throws when machines get no lease to begin with. */
export async function startProbes(
  clients: Clients,
  round: number,
  isPool: (address: string) => boolean,
): Promise<Probes> {
  const options = { asker: clients.dhcp, server: SERVER, isPool, first: round * 10_000 };
  const dhcp: DhcpLoad = await startDhcpLoad(options);
  const proxy = startProxyLoad(clients.proxy, `round${round}`);
  return {
    mark: () => {
      dhcp.meter.reset();
      proxy.meter.reset();
    },
    gaps: () => ({ dhcp: dhcp.meter.longest(), proxy: proxy.meter.longest() }),
    missing: () => {
      if (dhcp.meter.since() > STEADY_MS) return 'no lease was acknowledged in the last 2 s';
      return proxy.meter.since() > STEADY_MS ? 'nothing was fetched through the proxy in the last 2 s' : null;
    },
    stop: async () => {
      await proxy.stop();
      return dhcp.stop();
    },
  };
}

/** Two rounds' ledgers as one. */
export function addLedgers(one: DhcpLedger = EMPTY_DHCP, other: DhcpLedger = EMPTY_DHCP): DhcpLedger {
  return {
    acknowledged: one.acknowledged + other.acknowledged,
    doubled: [...one.doubled, ...other.doubled],
    lost: [...one.lost, ...other.lost],
    strange: [...one.strange, ...other.strange],
  };
}
