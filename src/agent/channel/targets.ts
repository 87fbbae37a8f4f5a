import { AppError, show } from '../../core/errors.ts';
import { PORTS } from '../../model/cluster/cluster.ts';

/** One address of a region and how this node identifies itself there. `rank`: lower ones come first. */
export interface RegionTarget {
  readonly url: string;
  readonly base: URL;
  readonly socketPath: string | null;
  readonly proof: 'credential' | 'signature' | 'certificate';
  readonly rank: number;
  /**
   * A port of the API: a node with a certificate uses it only to register, so that no attacker can make it give up
   * mutual TLS.
   */
  readonly isPublic: boolean;
}

/** The inputs from which the addresses of the regions follow. */
export interface TargetInputs {
  /** The configured addresses of the agent channel: `unix:/PATH`, `http://…`, `https://…`. */
  readonly urls: readonly string[];
  /** The API's addresses by rack.conf. */
  readonly apiUrls: readonly string[];
  /** Region nodes as the ledger knows them. */
  readonly regions: readonly { readonly address: string }[];
  /** Addresses of this host. */
  readonly own: ReadonlySet<string>;
  readonly hasCredential: boolean;
  readonly hasCertificate: boolean;
  /** The authority's certificate is known. */
  readonly hasAuthority: boolean;
  readonly agentPort: number;
}

/** Parses a region's address; throws AppError `configuration` with the rule. */
export function parseRegionUrl(url: string): { readonly base: URL; readonly socketPath: string | null } {
  if (url.startsWith('unix:/')) return { base: new URL('http://region'), socketPath: url.slice('unix:'.length) };
  const rule = 'Rule: unix:/PATH, http://HOST:PORT or https://HOST:PORT';
  try {
    const base = new URL(url);
    if (base.protocol === 'http:' || base.protocol === 'https:') return { base, socketPath: null };
  } catch {
    // Falls through to the sentence.
  }
  throw new AppError('configuration', `REGION_URLS: ${show(url)} is not an address of a region. ${rule}.`);
}

/**
 * All addresses of regions. The own region's socket comes first. With a certificate: every region node by mutual TLS, as the ledger names them, else
 * as configured, else as rack.conf names them. Without: the configured addresses, else the API's, and that of every region over TLS.
 */
export function targetsOf(inputs: TargetInputs): readonly RegionTarget[] {
  const sockets = inputs.urls.filter((url) => url.startsWith('unix:')).map((url) => localTarget(url, inputs));
  const secure = inputs.hasCertificate ? secureTargets(inputs) : [];
  return unique([...sockets, ...secure, ...publicTargets(inputs)]);
}

function localTarget(url: string, { hasCredential }: TargetInputs): RegionTarget {
  return targetOf(url, { proof: hasCredential ? 'credential' : 'signature', rank: 0, isPublic: false });
}

function secureTargets({ regions, urls, apiUrls, own, agentPort }: TargetInputs): RegionTarget[] {
  const known = regions.map(({ address }) => address);
  const fromConf = apiUrls.map((url) => parseRegionUrl(url).base.hostname);
  const configured = urls.filter((url) => url.startsWith('https:'));
  const hosts = known.length > 0 || configured.length > 0 ? known : fromConf;
  const list = known.length > 0 || configured.length === 0 ? hosts.map((host) => urlOf(host, agentPort)) : configured;
  return list.map((url) => {
    const isOwn = own.has(parseRegionUrl(url).base.hostname.replace(/^\[|\]$/g, ''));
    return targetOf(url, { proof: 'certificate', rank: isOwn ? 1 : 2, isPublic: false });
  });
}

function publicTargets(inputs: TargetInputs): RegionTarget[] {
  const { urls, apiUrls, regions, hasCredential, hasCertificate, hasAuthority } = inputs;
  // Where certificates are in use, the agents' port takes nobody without one.
  const isSecure = (url: string) => url.startsWith('https:') && (hasCertificate || hasAuthority);
  const plain = urls.filter((url) => !url.startsWith('unix:') && !isSecure(url));
  const given = plain.length > 0 ? plain : apiUrls;
  const byAuthority = hasAuthority ? regions.map(({ address }) => urlOf(address, PORTS.https)) : [];
  const proof = hasCredential && plain.length > 0 ? 'credential' : 'signature';
  const known = byAuthority.map((url) => targetOf(url, { proof: 'signature', rank: 3, isPublic: true }));
  return [...given.map((url) => targetOf(url, { proof, rank: 3, isPublic: true })), ...known];
}

function targetOf(url: string, how: Pick<RegionTarget, 'proof' | 'rank' | 'isPublic'>): RegionTarget {
  return { url, ...parseRegionUrl(url), ...how };
}

function urlOf(host: string, port: number): string {
  return `https://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

function unique(targets: readonly RegionTarget[]): readonly RegionTarget[] {
  return Array.from(new Map(targets.map((target) => [`${target.proof} ${target.url}`, target])).values());
}
