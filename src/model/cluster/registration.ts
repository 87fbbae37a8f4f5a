import type { RejectionCode } from '../../core/errors.ts';
import { MASTER, masterOf, type Rack, type RackState } from './rack.ts';

/** A rack as the decision sees it. `mayRekey`: an admin lets its own node bring a new key. */
export type KnownRack = Rack & { readonly mayRekey: boolean };

/** `own_host`: on the region's local socket, by peer credentials. A source address or a header never makes it so. */
export type Arrival = 'own_host' | 'elsewhere';
export type TokenVerdict = 'none' | 'valid' | 'expired' | 'used';

/**
 * A registration. `isProven`: its signature is that of its key. `nodeId`: the node whose credential came with it, else null.
 * `waitingFromSource`: how many racks from the same source wait already.
 */
export interface Registration {
  readonly uuid: string;
  readonly name: string;
  readonly publicKey: string;
  readonly isProven: boolean;
  readonly arrival: Arrival;
  readonly token: TokenVerdict;
  readonly nodeId: string | null;
  readonly waitingFromSource: number;
}

/** What is there already: racks of every state, and who has which name as a node. */
export interface RegistrationSite {
  readonly racks: readonly KnownRack[];
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
}

/**
 * `accept`: it is a rack from now on; `wait`: an admin decides; `known`: it stays as it is; `rekey`: as `known`, and the new key takes the
 * old one's place. `why` is a sentence for people.
 */
export type Decision =
  | { readonly kind: 'accept'; readonly becomesMaster: boolean; readonly why: string }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'known' | 'rekey'; readonly state: RackState; readonly why: string }
  | { readonly kind: 'refuse'; readonly code: RejectionCode; readonly why: string };

/** How many racks may wait, in all and from one source: unknown hosts must not fill the database. */
export const WAITING_MAX = 256;
export const WAITING_FROM_SOURCE_MAX = 32;

/**
 * The one place that decides what becomes of a registration. Before the first rack is accepted the placeholder holds the mastership: then a
 * rack of the region's own host is accepted at once. A valid token is an admin's acceptance given beforehand, at any time. Everybody else waits.
 */
export function decideRegistration(site: RegistrationSite, request: Registration): Decision {
  if (!request.isProven) return refuse('unauthenticated', 'The signature is not that of the public key.');
  const same = site.racks.find((rack) => rack.uuid === request.uuid);
  if (same && same.publicKey !== request.publicKey) return decideKey(site, request, same);
  if (same && same.state !== 'waiting') return known(same);
  return checkIdentity(site, request) ?? admit(site, request) ?? (same ? known(same) : decideWaiting(site, request));
}

/**
 * A new key is accepted only from the rack's own node, which proved itself by its certificate or credential: anybody
 * can name the UUID.
 */
function decideKey(site: RegistrationSite, request: Registration, same: KnownRack): Decision {
  const other = site.racks.find((rack) => rack.publicKey === request.publicKey);
  const isItsNode = request.nodeId !== null && request.nodeId === same.nodeId;
  if (same.mayRekey && isItsNode && !other)
    return { kind: 'rekey', state: same.state, why: 'An admin allowed a new key.' };
  return refuse(
    'conflict',
    `The rack ${request.uuid} is registered with another key. Rule: a UUID is public and proves nothing. If this host was rebuilt: "regent rack reset-key ` +
      `${request.uuid} --key ${request.publicKey}", or join it in its place: regent node replace ${same.name}. Another host needs ` +
      'a CLUSTER_UUID of its own in /etc/regent/rack.conf.',
  );
}

/** Null, or why this identity cannot be a rack of its own. */
function checkIdentity(site: RegistrationSite, request: Registration): Decision | null {
  const { uuid, name, nodeId } = request;
  const others = site.racks.filter((rack) => rack.uuid !== uuid);
  if (others.some((rack) => rack.publicKey === request.publicKey))
    return refuse(
      'conflict',
      'Another rack has this key: the host is a copy of it. Remove /var/lib/regent/agent/rack-key on the copy and restart its agent.',
    );
  const twin = nodeId === null ? undefined : others.find((rack) => rack.nodeId === nodeId);
  if (twin)
    return refuse(
      'conflict',
      `This host is the rack ${twin.uuid} already. Put that CLUSTER_UUID back into /etc/regent/rack.conf, or an admin runs "regent rack delete ${twin.uuid}".`,
    );
  const rule = 'Set NODE_NAME in /etc/regent/agent.conf to a name of its own.';
  if (name === MASTER) return refuse('invalid_value', `"${MASTER}" is the placeholder's name. ${rule}`);
  if (site.nodes.some((node) => node.id === uuid && node.id !== nodeId))
    return refuse(
      'conflict',
      `The UUID ${uuid} is that of a node. Give this host a CLUSTER_UUID of its own in /etc/regent/rack.conf.`,
    );
  const isTaken =
    site.nodes.some((node) => node.name === name && node.id !== nodeId) ||
    others.some((rack) => rack.state === 'accepted' && rack.name === name);
  return isTaken ? refuse('conflict', `Another node has the name ${name}. ${rule}`) : null;
}

function admit(site: RegistrationSite, request: Registration): Decision | null {
  const becomesMaster = masterOf(site.racks) === null;
  if (request.token === 'valid') return { kind: 'accept', becomesMaster, why: 'It brought a valid join token.' };
  if (request.arrival !== 'own_host' || !becomesMaster) return null;
  return { kind: 'accept', becomesMaster, why: "It is the first rack, on the region's own host." };
}

function decideWaiting({ racks }: RegistrationSite, request: Registration): Decision {
  const waiting = racks.filter((rack) => rack.state === 'waiting').length;
  if (waiting >= WAITING_MAX || request.waitingFromSource >= WAITING_FROM_SOURCE_MAX)
    return refuse(
      'too_many_requests',
      'Too many racks wait for an admin. An admin accepts, rejects or deletes some: regent rack list.',
    );
  const token =
    request.token === 'none' ? '' : `Its join token ${request.token === 'used' ? 'was used' : 'has expired'}. `;
  return { kind: 'wait', why: `${token}An admin decides: regent rack accept ${request.uuid}` };
}

const known = (rack: KnownRack): Decision => ({ kind: 'known', state: rack.state, why: KNOWN[rack.state] });

const KNOWN: Readonly<Record<RackState, string>> = {
  accepted: 'It is accepted.',
  waiting: 'It waits for an admin.',
  rejected: 'An admin rejected it; it stays rejected until an admin accepts it.',
};

const refuse = (code: RejectionCode, why: string): Decision => ({ kind: 'refuse', code, why });
