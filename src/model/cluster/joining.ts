import { invalid, isRejected, type Rejected, type RejectionCode, rejected } from '../../core/errors.ts';
import { parseVip, regionNodes, vipAddress } from './cluster.ts';
import { parseRackKey, parseRackUuid } from './rack.ts';
import type { Node } from './node.ts';
import { checkVipFamily, parseNodeName } from './node-identity.ts';
import type { KnownRack } from './registration.ts';
import { checkRelease } from './release.ts';
import { parseReachableAddress } from '../names/reachable-address.ts';

/**
 * Why a host is believed to be the rack that it names: the rack's key signed the join, or the token names the rack's place. `none`: it shows no more than a
 * UUID and a public key, which everybody can read.
 */
export type RackProofKind = 'none' | 'key' | 'place';

/** A host that asks to be let in, its values canonical. `keyDigest`: SHA-256 of the public key of its certificate request. */
export interface Applicant {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly version: string;
  readonly keyDigest: string;
  readonly rack: { readonly uuid: string; readonly publicKey: string; readonly proof: RackProofKind } | null;
}

/** A token whose secret was right. `isOver`: past its end by the database's clock. */
export interface ShownToken {
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly isOver: boolean;
  readonly isRevoked: boolean;
  readonly usedByKey: string | null;
  readonly usedByNode: string | null;
}

/**
 * What is there already. `users`: who has an address that is no node. `joiningSince`: when the region node that joins was let in; `voters`:
 * ids of joining nodes whose etcd has a vote by now.
 */
export interface JoinSite {
  readonly token: ShownToken | null;
  readonly version: string;
  readonly nodes: readonly Node[];
  readonly racks: readonly KnownRack[];
  readonly users: readonly { readonly address: string; readonly user: string }[];
  readonly vip: string | null;
  readonly joiningSince: string | null;
  readonly voters: ReadonlySet<string>;
}

/**
 * `new`: another node; `again`: the host repeats its request with the same key; `return`: the host of a known rack was rebuilt and takes its
 * place again. `node`: the node that it is, null for a new one.
 */
export type JoinDecision =
  | {
      readonly kind: 'admit';
      readonly how: 'new' | 'again' | 'return';
      readonly node: Node | null;
      readonly warnings: readonly string[];
    }
  | Rejected;

/** One sentence for a token that does not exist and for a wrong secret: an unknown host learns nothing. */
export const NO_TOKEN = rejected(
  'unauthenticated',
  'The join token is not known, or its secret is wrong, or it expired long ago. An admin makes a new one: regent token create.',
);

/** Reads what a host says of itself. */
export function parseApplicant(applicant: Applicant): Applicant | Rejected {
  const name = parseNodeName(applicant.name, 'name');
  if (isRejected(name)) return name;
  if (!applicant.isRegion && !applicant.isRack)
    return invalid('isRegion', 'it requests no role', 'region, rack or both');
  const addresses: string[] = [];
  for (const text of applicant.addresses) {
    const address = parseReachableAddress(text, 'addresses');
    if (isRejected(address)) return address;
    addresses.push(address);
  }
  if (!applicant.isRack) return { ...applicant, name, addresses: [...new Set(addresses)], rack: null };
  if (applicant.rack === null) return invalid('rack', 'it is missing', 'a rack brings its UUID and its key');
  const uuid = parseRackUuid(applicant.rack.uuid, 'rack/uuid');
  if (isRejected(uuid)) return uuid;
  const publicKey = parseRackKey(applicant.rack.publicKey, 'rack/publicKey');
  if (isRejected(publicKey)) return publicKey;
  return {
    ...applicant,
    name,
    addresses: [...new Set(addresses)],
    rack: { uuid, publicKey, proof: applicant.rack.proof },
  };
}

/** The one place that decides whether a host is let in, and as which node. */
export function decideJoin(site: JoinSite, applicant: Applicant): JoinDecision {
  const refusal = checkToken(site.token, applicant) ?? checkVersion(site, applicant);
  if (refusal) return refusal;
  const place = admissionOf(site, applicant);
  if (isRejected(place)) return place;
  const taken =
    checkName(site, applicant, place) ?? checkAddresses(site, applicant, place) ?? checkTurn(site, applicant, place);
  return taken ?? { kind: 'admit', ...place, warnings: warningsOf(site, applicant, place.node) };
}

type JoinAdmission = { readonly how: 'new' | 'again' | 'return'; readonly node: Node | null };

function checkToken(token: ShownToken | null, applicant: Applicant): Rejected | null {
  if (token === null) return NO_TOKEN;
  const remedy = 'An admin makes a new one: regent token create.';
  if (token.isRevoked) return rejected('unauthenticated', `The join token was revoked. ${remedy}`);
  if (token.usedByKey !== null && token.usedByKey !== applicant.keyDigest)
    return rejected('unauthenticated', `The join token was used by another host: a token admits one host. ${remedy}`);
  if (token.isOver) return rejected('unauthenticated', `The join token has expired. ${remedy}`);
  const missing = [
    ...(applicant.isRegion && !token.isRegion ? ['region'] : []),
    ...(applicant.isRack && !token.isRack ? ['rack'] : []),
  ].join(',');
  if (missing === '') return null;
  const role = [token.isRegion ? 'region' : '', token.isRack ? 'rack' : ''].filter((text) => text !== '').join(',');
  return rejected(
    'forbidden',
    `The join token admits a ${role}, not a ${missing}. An admin makes another token: regent token create --role ${missing}.`,
  );
}

function checkVersion({ version: ours }: JoinSite, { version, isRegion }: Applicant): Rejected | null {
  return checkRelease(version, ours, isRegion ? 'region' : 'rack');
}

/** Which node the host is, or will be. */
function admissionOf(site: JoinSite, { rack }: Applicant): JoinAdmission | Rejected {
  const used = site.token?.usedByNode ?? null;
  const own = used === null ? undefined : site.nodes.find((node) => node.id === used);
  const twin = rack && site.racks.find((other) => other.publicKey === rack.publicKey && other.uuid !== rack.uuid);
  if (twin)
    return rejected(
      'conflict',
      `The rack ${twin.uuid} has this key: the host is a copy of it. Remove /var/lib/regent/agent/rack-key on the copy.`,
    );
  const known = rack && site.racks.find((other) => other.uuid === rack.uuid);
  if (known?.state === 'rejected')
    return rejected(
      'forbidden',
      `An admin rejected the rack ${known.uuid}. First: regent rack accept ${known.uuid}, or regent rack delete ${known.uuid}.`,
    );
  const former = known?.nodeId == null ? undefined : site.nodes.find((node) => node.id === known.nodeId);
  const claimed = rack && checkClaim(site, rack, own ?? null);
  if (claimed) return claimed;
  if (own) {
    if (former && former.id !== own.id) return isSomebody(known?.uuid ?? '', former);
    return { how: 'again', node: own };
  }
  if (!former) return { how: 'new', node: null };
  // A rack's place is its UUID; a region node's data is its own, and another host cannot take that over by joining.
  if (former.isRegion) return isSomebody(known?.uuid ?? '', former);
  return { how: 'return', node: former };
}

/**
 * A UUID and a public key are public: neither makes a host the rack that has them. That rack is who signs with its key, whose token names its place, or who
 * joined as its node with the same key and token before.
 */
function checkClaim(site: JoinSite, rack: NonNullable<Applicant['rack']>, own: Node | null): Rejected | null {
  const known = site.racks.find((other) => other.uuid === rack.uuid);
  if (!known) {
    const holder = site.nodes.find((node) => node.id === rack.uuid && node.id !== own?.id);
    return holder ? isSomebody(rack.uuid, holder) : null;
  }
  const isOwn = own !== null && known.nodeId === own.id;
  if (isOwn || rack.proof === 'place' || (rack.proof === 'key' && known.publicKey === rack.publicKey)) return null;
  const former = site.nodes.find((node) => node.id === known.nodeId);
  if (former?.isRegion) return isSomebody(rack.uuid, former);
  const other = 'If this is another host: give it a CLUSTER_UUID of its own in /etc/regent/rack.conf.';
  if (!former)
    return rejected(
      'conflict',
      `The rack ${rack.uuid} waits for an admin, but this host did not sign with its key. Rule: a UUID is public and proves nothing. If this host is that rack, rebuilt: ` +
        `regent rack delete ${rack.uuid}, then join again. ${other}`,
    );
  return rejected(
    'conflict',
    `The rack ${rack.uuid} is the node ${former.name}, but this host did not sign with its key. Rule: a UUID is public and proves nothing. If this host ` +
      `takes the place of ${former.name}: regent node replace ${former.name} gives the token for it. ${other}`,
  );
}

function isSomebody(uuid: string, node: Node): Rejected {
  return rejected(
    'conflict',
    `The rack ${uuid} belongs to the node ${node.name}${node.isRegion ? ', which is a region node' : ''}. Give this host a CLUSTER_UUID of its own ` +
      `in /etc/regent/rack.conf${node.state === 'joining' ? `, or forget that node: regent node delete ${node.name}` : ''}.`,
  );
}

/** A rack that returns keeps the name that it had. */
function checkName(site: JoinSite, { name, rack }: Applicant, { node, how }: JoinAdmission): Rejected | null {
  if (how === 'return' || node?.name === name) return null;
  const holder =
    site.nodes.find((other) => other.name === name && other.id !== node?.id) ??
    site.racks.find((other) => other.state === 'accepted' && other.name === name && other.uuid !== rack?.uuid);
  if (!holder) return null;
  const isJoining = 'isRegion' in holder && holder.state === 'joining';
  const remedy = isJoining
    ? `That node never finished joining. If this host is that node, forget the node first: regent node delete ${name}.`
    : 'Give this host another name: --name.';
  return refuse('conflict', 'name', `Another node has the name ${name}. ${remedy}`);
}

function checkAddresses(site: JoinSite, { addresses, isRegion }: Applicant, { node }: JoinAdmission): Rejected | null {
  const family = isRegion ? checkVipFamily(site.vip, addresses[0] ?? '', 'addresses') : null;
  if (family) return family;
  for (const address of addresses) {
    if (site.vip !== null && vipAddress(site) === address)
      return refuse(
        'conflict',
        'addresses',
        `${address} is the floating address of the cluster. Rule: an address of the host itself.`,
      );
    const other = site.nodes.find((item) => item.id !== node?.id && item.addresses.includes(address));
    if (other) return refuse('conflict', 'addresses', `The node ${other.name} has the address ${address}.`);
    const user = site.users.find((item) => item.address === address);
    if (user) return refuse('conflict', 'addresses', `The address is taken: ${user.user}.`);
  }
  return null;
}

/** etcd takes in one voter after the other: until then its members must be those of the joining node's configuration. What follows may overlap. */
function checkTurn(site: JoinSite, { isRegion }: Applicant, { node }: JoinAdmission): Rejected | null {
  if (!isRegion) return null;
  const isFirst = (item: Node) => item.isRegion && item.state === 'joining' && !site.voters.has(item.id);
  const other = site.nodes.find((item) => item.id !== node?.id && isFirst(item));
  if (!other) return null;
  const since = site.joiningSince === null ? '' : ` since ${site.joiningSince}`;
  return rejected(
    'too_many_requests',
    `The region node ${other.name} is joining${since}. Rule: one region node joins at a time; the next one may join when the etcd of ${other.name} has a vote. ` +
      `If that join was given up: regent node delete ${other.name}.`,
  );
}

function warningsOf(site: JoinSite, { isRegion, addresses }: Applicant, node: Node | null): string[] {
  if (!isRegion) return [];
  const count = regionNodes(site).filter((item) => item.id !== node?.id).length + 1;
  const warnings: string[] = [];
  if (count % 2 === 0)
    warnings.push(
      `The cluster now has ${count} region nodes, an even number. It survives the loss of ${Math.ceil(count / 2) - 1}, no more than with ${count - 1}, ` +
        `because more than half of them must stay. Join another one: ${count + 1} region nodes survive the loss of ${count / 2}.`,
    );
  const near = site.vip === null ? null : parseVip(site.vip, addresses);
  if (near !== null && isRejected(near))
    warnings.push(
      `The host has no address in the network of the floating address ${site.vip ?? ''} and can never hold it.`,
    );
  return warnings;
}

function refuse(code: RejectionCode, field: string, message: string): Rejected {
  return rejected(code, message, [{ field, problem: message }]);
}
