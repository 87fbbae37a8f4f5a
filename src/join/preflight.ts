import { isRejected, type Rejected } from '../core/errors.ts';
import type { HostFacts } from '../core/host-values.ts';
import { contains, parseAddress, parseNetwork } from '../core/ip.ts';
import { parseConfFile } from '../core/conf-file.ts';
import { parseHostLabel } from '../model/names.ts';
import { parseRackConf } from '../model/rack-conf.ts';
import type { InitOptions } from './options.ts';
import { PATHS } from './paths.ts';
import type { SiteSeen } from './ports.ts';
import { apiUrl, portOf } from './texts.ts';

/** Something that listens on a port of this host. `process`: its name, '' when unknown. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly process: string;
  readonly pid: number | null;
}

/** All that preflight looks at; gathered before anything is touched. Null where it could not be found out. */
export interface HostSeen {
  readonly uid: number;
  readonly productRoot: string;
  readonly facts: HostFacts;
  readonly missingUnits: readonly string[];
  readonly listeners: readonly Listener[] | null;
  /** Main processes of the units that may hold our ports. */
  readonly ownPids: readonly number[];
  readonly freeMegabytes: number | null;
  readonly conf: string | null;
  readonly rackConf: string | null;
  readonly isUnderWay: boolean;
  readonly hasDatabaseFiles: boolean;
  readonly hasOwnDatabase: boolean;
  /** What an own database holds; null without one (the private one is looked at when it runs). */
  readonly site: SiteSeen | Rejected | null;
  readonly apiPort: number;
}

/** A finding of preflight: an error keeps init from starting. `sentence`: what, why and what to do. */
interface PreflightFinding {
  readonly severity: 'error' | 'warning';
  readonly sentence: string;
}

/** Result of preflight: what was found out, and what speaks against starting. */
export interface Preflight {
  readonly findings: readonly PreflightFinding[];
  /** Name and address of this node; '' when there is an error about them. */
  readonly name: string;
  readonly address: string;
}

const FREE_MEGABYTES = { least: 300, wanted: 1500 };
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'];
/** systemd-resolved's stub listens on addresses of its own, which BIND does not take. */
const STUB_ADDRESSES = ['127.0.0.53', '127.0.0.54'];

/** Judges what was seen. Pure: the same host gives the same findings. */
export function judgeHost(seen: HostSeen, options: InitOptions): Preflight {
  const findings: PreflightFinding[] = [];
  const error = (sentence: string) => findings.push({ severity: 'error', sentence });
  const warn = (sentence: string) => findings.push({ severity: 'warning', sentence });
  if (seen.uid !== 0) error('init must run as root. Run: sudo regent init --single');
  const { os } = seen.facts;
  if (os.id !== 'debian' || os.version !== '13') {
    warn(`This is ${os.id} ${os.version}; Regent is made for Debian 13 and tried nowhere else.`);
  }
  if (!`${seen.productRoot}/`.startsWith(`${PATHS.product}/`)) {
    error(
      `init belongs to an installed host; this program runs from ${seen.productRoot}. Run scripts/install first, or try Regent here with: sudo scripts/up`,
    );
  } else if (seen.missingUnits.length > 0) {
    error(`These units are not installed: ${seen.missingUnits.join(', ')}. Run scripts/install again.`);
  }
  for (const sentence of busyPorts(seen)) error(sentence);
  if (seen.listeners === null)
    warn(
      'Which ports are in use could not be found out (ss -ltnup failed); a busy one will show as a unit that does not start.',
    );
  if (seen.freeMegabytes !== null && seen.freeMegabytes < FREE_MEGABYTES.least) {
    error(
      `/var/lib/regent has ${seen.freeMegabytes} MB free; at least ${FREE_MEGABYTES.least} are needed. Make room on that file system.`,
    );
  } else if (seen.freeMegabytes !== null && seen.freeMegabytes < FREE_MEGABYTES.wanted) {
    warn(
      `/var/lib/regent has ${seen.freeMegabytes} MB free; ${FREE_MEGABYTES.wanted} are wanted for a site that grows.`,
    );
  }
  const conf = parseConfFile(PATHS.conf, seen.conf ?? '');
  if (isRejected(conf)) error(conf.message);
  judgeRackConf(seen, error);
  judgeData(seen, error, warn);
  const name = nameOf(seen.facts, options);
  if (isRejected(name)) error(`${name.message} Give another one with --name.`);
  const address = addressOf(seen.facts, options);
  if (isRejected(address)) error(address.message);
  return { findings, name: isRejected(name) ? '' : name, address: isRejected(address) ? '' : address };
}

/** A rack of another site does not become a site of its own by mistake. What an interrupted init wrote is no other site. */
function judgeRackConf(seen: HostSeen, error: (text: string) => void): void {
  const conf = parseRackConf(PATHS.rackConf, seen.rackConf ?? '');
  if (isRejected(conf)) {
    error(conf.message);
    return;
  }
  const own = seen.facts.interfaces.flatMap((nic) => nic.addresses);
  const isOwn = (url: string) => own.some((address) => apiUrl(`:${portOf(url)}`, address) === url);
  const other = conf.urls.find((url) => !isOwn(url));
  if (other === undefined || seen.isUnderWay) return;
  error(
    `${PATHS.rackConf} makes this host a rack of ${other}. Take MAAS_URL out of it if this host is to be a site of its own.`,
  );
}

function judgeData(seen: HostSeen, error: (text: string) => void, warn: (text: string) => void): void {
  if (seen.isUnderWay) warn('An earlier init was interrupted; this one goes on where it stopped.');
  else if (seen.hasDatabaseFiles && !seen.hasOwnDatabase) {
    warn(`The private database has data already (${PATHS.databaseMark}); it is kept and used.`);
  }
  const { site } = seen;
  if (site === null) return;
  if (isRejected(site)) {
    error(`The database of DATABASE_URL (${PATHS.conf}) does not answer: ${site.message}`);
  } else if (!seen.isUnderWay && site.nodes.length > 0) {
    error(siteTaken(site));
  }
}

/** The sentence for a database that is somebody else's site. */
export function siteTaken(site: SiteSeen): string {
  const names = site.nodes.map((node) => node.name).join(', ');
  return `The database holds a site already, with the node(s) ${names}. init makes a new site and does not take over another one; give it an empty database (DATABASE_URL in ${PATHS.conf}).`;
}

/** Ports that somebody else holds, a sentence each. */
function busyPorts(seen: HostSeen): string[] {
  const wanted = [
    { port: 53, what: 'DNS', remedy: 'stop that service (systemctl disable --now …)' },
    {
      port: seen.apiPort,
      what: 'the API',
      remedy: `stop that service, or choose another port: REGION_LISTEN in ${PATHS.conf}`,
    },
  ];
  return wanted.flatMap(({ port, what, remedy }) => {
    const rivals = (seen.listeners ?? []).filter(
      (listener) =>
        listener.port === port &&
        !STUB_ADDRESSES.includes(listener.address) &&
        !(listener.pid !== null && seen.ownPids.includes(listener.pid)),
    );
    const names = [...new Set(rivals.map((rival) => `${rival.process || 'a process'} on ${rival.address}`))];
    return names.length === 0 ? [] : [`Port ${port}, needed for ${what}, is in use by ${names.join(', ')}: ${remedy}.`];
  });
}

function nameOf(facts: HostFacts, options: InitOptions): string | Rejected {
  return options.name ?? parseHostLabel(facts.hostname.split('.')[0] ?? '', "the host's name");
}

function addressOf(facts: HostFacts, options: InitOptions): string | Rejected {
  const own = facts.interfaces.flatMap((nic) => nic.addresses);
  if (options.address !== null) {
    if (own.includes(options.address)) return options.address;
    const list = own.filter(isGlobal).join(', ') || 'none';
    return {
      kind: 'rejected',
      code: 'invalid_value',
      message: `--address: ${options.address} is not an address of this host. Its addresses: ${list}.`,
    };
  }
  const first = own.find((address) => !address.includes(':') && isGlobal(address));
  return (
    first ?? {
      kind: 'rejected',
      code: 'invalid_value',
      message:
        'This host has no IPv4 address that others can reach. Set up its network, or give an address with --address.',
    }
  );
}

/** Neither loopback nor link-local. */
function isGlobal(text: string): boolean {
  const address = parseAddress(text);
  if (isRejected(address)) return false;
  return ![...LOOPBACK, ...LINK_LOCAL].some((cidr) => {
    const network = parseNetwork(cidr);
    return !isRejected(network) && contains(network, address);
  });
}
