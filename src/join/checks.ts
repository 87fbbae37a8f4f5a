import { parseConfFile } from '../core/conf-file.ts';
import { invalid, isRejected, type Rejected } from '../core/errors.ts';
import type { HostFacts } from '../core/host-values.ts';
import { contains, parseAddress, parseNetwork } from '../core/ip.ts';
import { PORTS } from '../model/cluster/cluster.ts';
import { parseNodeName } from '../model/cluster/node-identity.ts';
import { DATA, type HostInspection } from './look.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from './paths.ts';
import { parseReachableAddress } from '../model/names/reachable-address.ts';

/** A finding before any change. An error prevents the start of the command. `sentence`: what, why and the remedy. */
export type HostFinding = { readonly severity: 'error' | 'warning'; readonly sentence: string };

const FREE_MEGABYTES = { least: 600, wanted: 3000 };
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'];
/** systemd-resolved's stub listens on addresses of its own, which BIND does not use. */
const STUB_ADDRESSES = ['127.0.0.53', '127.0.0.54'];
/** The clock of a host that installs this release cannot be earlier. */
const EARLIEST = Date.UTC(2025, 0, 1);

/** Collects findings. */
export interface HostFindings {
  readonly all: HostFinding[];
  readonly error: (sentence: string) => void;
  readonly warn: (sentence: string) => void;
}

/** An empty list of findings. */
export function startFindings(): HostFindings {
  const all: HostFinding[] = [];
  return {
    all,
    error: (sentence) => void all.push({ severity: 'error', sentence }),
    warn: (sentence) => void all.push({ severity: 'warning', sentence }),
  };
}

/** The findings, and the values to begin with; none of these if there is an error. */
export function verdict<P>(
  { all }: HostFindings,
  plan: P | null,
): { readonly findings: readonly HostFinding[]; readonly plan: P | null } {
  return { findings: all, plan: hasError(all) ? null : plan };
}

/** Does one of them prevent the start of the command? */
export function hasError(findings: readonly HostFinding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}

/** Rules for any host, whatever it will become. `command`: as a person types it. */
export function checkHost(seen: HostInspection, command: string, { error, warn }: HostFindings): void {
  if (seen.uid !== 0) error(`${command} must run as root. Run: sudo ${command} …`);
  const { os } = seen.facts;
  if (os.id !== 'debian' || os.version !== '13')
    warn(`This is ${os.id} ${os.version}. Regent is made for Debian 13 and not tested on other systems.`);
  if (!`${seen.productRoot}/`.startsWith(`${PATHS.product}/`)) {
    error(
      `${command} belongs to an installed host; this program runs from ${seen.productRoot}. Run scripts/install first, or try Regent here with: sudo scripts/up`,
    );
  } else if (seen.missingUnits.length > 0) {
    error(`These units are not installed: ${seen.missingUnits.join(', ')}. Run scripts/install again.`);
  }
  if (seen.listeners === null)
    warn('The ports in use are unknown, because "ss -ltnup" failed. If a port is busy, its unit will not start.');
  checkDisk(seen.freeMegabytes, error, warn);
  if (seen.now < EARLIEST)
    error(
      `This host's clock says ${new Date(seen.now).toISOString()}, so certificates would not be valid. Set the clock, for example: timedatectl set-time …`,
    );
  const conf = parseConfFile(PATHS.conf, seen.conf ?? '');
  if (isRejected(conf)) error(conf.message);
}

function checkDisk(free: number | null, error: HostFindings['error'], warn: HostFindings['warn']): void {
  if (free === null) return;
  if (free < FREE_MEGABYTES.least)
    error(
      `/var/lib/regent has ${free} MB free; at least ${FREE_MEGABYTES.least} are needed. Make room on that file system.`,
    );
  else if (free < FREE_MEGABYTES.wanted)
    warn(`/var/lib/regent has ${free} MB free; ${FREE_MEGABYTES.wanted} are wanted for a site that grows.`);
}

/** Releases on which the data depend: Patroni 3.0 loses acknowledged rows. */
export function checkVersions({ versions }: HostInspection, { error }: HostFindings): void {
  const major = (text: string | null) => Number(/(\d+)\.\d+/.exec(text ?? '')?.[1] ?? Number.NaN);
  const wrong = (name: string, text: string | null, rule: string) =>
    error(
      `${name} on this host is ${text === null ? 'missing or does not start' : `"${text}"`}; ${rule}. Run scripts/install again on Debian 13.`,
    );
  if (!(major(versions.patroni) >= 4))
    wrong('Patroni', versions.patroni, '4.0 or newer is needed, because older ones can lose acknowledged writes');
  if (major(versions.postgres) !== 17) wrong('PostgreSQL', versions.postgres, '17 is needed');
  if (!/\b3\.[5-9]/.test(versions.etcd ?? '')) wrong('etcd', versions.etcd, '3.5 or newer of the 3 series is needed');
}

/** Refuses data of another cluster. `isOwn`: an interrupted run of the same command left them. */
export function checkData({ data }: HostInspection, isOwn: boolean, { error }: HostFindings): void {
  if (data === null) {
    error(
      `Cannot find out whether this host has data of an earlier cluster: find ${DATA.etcd} ${DATA.postgres} fails. Check its disks first (journalctl -k).`,
    );
    return;
  }
  const own = [DATA.etcd, DATA.postgres].filter((path) => data.includes(path));
  if (!isOwn && own.length > 0)
    error(
      `This host has data of an earlier cluster: ${own.join(', ')}. This command does not use or remove these data. If nobody needs them: scripts/uninstall --purge, then scripts/install.`,
    );
  if (data.includes(DATA.foreignEtcd))
    error(
      `An etcd that is not Regent's has data here (${DATA.foreignEtcd}), but Regent needs the unit etcd.service. Move that etcd to another host, or move its data away.`,
    );
  if (data.includes(DATA.foreignPatroni))
    error(
      `A Patroni that is not Regent's is set up here (${DATA.foreignPatroni}), but Regent needs the unit patroni.service. Move that Patroni to another host, or move the file away.`,
    );
}

interface WantedPort {
  readonly port: number;
  readonly what: string;
  readonly protocol?: 'tcp' | 'udp';
  /** Only a program on this address conflicts, not one on another address. */
  readonly address?: string;
}

const DNS_PORT: WantedPort = { port: 53, what: 'DNS' };
const REGION_PORTS: readonly WantedPort[] = [
  DNS_PORT,
  { port: PORTS.http, what: 'the API', protocol: 'tcp' },
  { port: PORTS.https, what: 'the API over TLS', protocol: 'tcp' },
  { port: PORTS.agents, what: 'agents', protocol: 'tcp' },
  { port: PORTS.region, what: 'the region daemon', protocol: 'tcp' },
  { port: PORTS.beacon, what: "the floating address's votes", protocol: 'udp' },
  { port: PORTS.databaseLocal, what: 'connections to the database', protocol: 'tcp' },
  { port: PORTS.database, what: 'PostgreSQL', protocol: 'tcp' },
  { port: PORTS.patroni, what: 'Patroni', protocol: 'tcp' },
  { port: PORTS.etcdClient, what: "etcd's clients", protocol: 'tcp' },
  { port: PORTS.etcdPeer, what: "etcd's members", protocol: 'tcp' },
  { port: PORTS.etcdProxy, what: "Patroni's connection to etcd", protocol: 'tcp' },
];

/** Our units and those of our daemons: an interrupted run, or an earlier release, may have started them. */
const OWN_UNITS: readonly string[] = [
  ...Object.values(UNITS),
  ...Object.values(CLUSTER_UNITS),
  'named.service',
  'regent-vip-health.service',
  'regent-etcd-way.service',
];

/** Ports that another program holds. */
export function checkPorts({ listeners }: HostInspection, isRegion: boolean, { error }: HostFindings): void {
  for (const { port, what, protocol } of isRegion ? REGION_PORTS : [DNS_PORT]) {
    const rivals = (listeners ?? []).filter(
      (listener) =>
        listener.port === port &&
        (protocol === undefined || listener.protocol === protocol) &&
        !STUB_ADDRESSES.includes(listener.address) &&
        !OWN_UNITS.includes(listener.unit ?? ''),
    );
    const names = [...new Set(rivals.map((rival) => `${rival.process || 'a process'} on ${rival.address}`))];
    if (names.length > 0)
      error(
        `Port ${port}, needed for ${what}, is in use by ${names.join(', ')}: stop that service (systemctl disable --now …).`,
      );
  }
}

/** The node's name: the requested one, else the host's. */
export function nameOf(facts: HostFacts, requestedAddress: string | null): string | Rejected {
  return requestedAddress === null
    ? parseNodeName(facts.hostname.split('.')[0] ?? '', "the host's name")
    : parseNodeName(requestedAddress, '--name');
}

/** The node's address: the requested one, if it is this host's; else its first global IPv4 address. */
export function addressOf(facts: HostFacts, requestedAddress: string | null): string | Rejected {
  const own = facts.interfaces.flatMap((nic) => nic.addresses).map(withoutPrefix);
  if (requestedAddress !== null) {
    if (own.includes(requestedAddress)) return parseReachableAddress(requestedAddress, '--address');
    const list = own.filter(isGlobal).join(', ') || 'none';
    return invalid('--address', `${requestedAddress} is not an address of this host`, `one of ${list}`);
  }
  const first = own.find((address) => !address.includes(':') && isGlobal(address));
  return (
    first ??
    invalid(
      '--address',
      'this host has no IPv4 address that others can reach',
      'set up its network, or give an address with --address',
    )
  );
}

/** Addresses of this host, without prefixes. */
export function ownAddresses(facts: HostFacts): string[] {
  return facts.interfaces.flatMap((nic) => nic.addresses).map(withoutPrefix);
}

const withoutPrefix = (address: string): string => address.split('/')[0] ?? address;

/** Neither loopback nor link-local. */
function isGlobal(text: string): boolean {
  const address = parseAddress(text);
  if (isRejected(address)) return false;
  return ![...LOOPBACK, ...LINK_LOCAL].some((cidr) => {
    const network = parseNetwork(cidr);
    return !isRejected(network) && contains(network, address);
  });
}
