import type { EtcdView } from './decide.ts';
import type { Compare, Entry, Etcd } from './etcd.ts';

/*
 * Keys of the keepers and of Patroni in etcd. `/regent/fence/<host>` hangs on the host's fence lease, `/regent/armed/<host>` on none. Both name the
 * term in which they were written. A term that is armed and has no fence is over. A term is `<revision that made the leader key>.<id of its lease>`:
 * a Patroni that leads, follows and leads again keeps its lease, and one that restarts as leader keeps the key.
 */
const PATRONI = '/service/regent';
const LEADER = `${PATRONI}/leader`;
const CONFIG = `${PATRONI}/config`;
const MEMBERS = `${PATRONI}/members/`;
const FENCES = '/regent/fence/';
const ARMED = '/regent/armed/';

/** A view, and where the members' Patronis listen. */
export interface ClusterView extends EtcdView {
  readonly places: ReadonlyMap<string, string>;
}

/** Reads everything at one moment, by the majority. `at`: when this was sent. */
export async function readView(etcd: Etcd, at: number): Promise<ClusterView> {
  const changes = [{ get: LEADER }, { get: CONFIG }, { all: MEMBERS }, { all: FENCES }, { all: ARMED }];
  const { found } = await etcd.transact([], changes);
  const [leader = [], config = [], members = [], fences = [], armed = []] = found;
  const patroniConfig = (parse(config[0]?.value) ?? {}) as { pause?: unknown; synchronous_mode?: unknown };
  const first = leader[0];
  const named = <T>(entries: readonly Entry[], prefix: string, of: (entry: Entry) => T) =>
    new Map(entries.map((entry) => [entry.key.slice(prefix.length), of(entry)]));
  return {
    at,
    leader: first && first.lease !== '0' ? { name: first.value, term: `${first.created}.${first.lease}` } : null,
    isPaused: patroniConfig.pause === true,
    isSynchronous: patroniConfig.synchronous_mode === true,
    fences: named(fences, FENCES, (entry) => entry.value),
    armed: named(armed, ARMED, (entry) => ({ term: entry.value, revision: entry.revision })),
    places: named(members, MEMBERS, (entry) => placeOf(entry.value)),
  };
}

/** Puts the fence key on a lease, and writes the armed key, if the host still leads in that term. False: it does not, or another keeper was there. */
export async function arm(etcd: Etcd, name: string, lease: string, view: EtcdView): Promise<boolean> {
  const term = view.leader?.term ?? '';
  const [fence, armed] = [`${FENCES}${name}`, `${ARMED}${name}`];
  const { isDone, found } = await etcd.transact(
    [...isLeading(name, term), { key: armed, revision: view.armed.get(name)?.revision ?? '0' }],
    [
      { put: fence, value: term, lease },
      { put: armed, value: term },
    ],
    [{ get: fence }, { get: armed }],
  );
  if (isDone) return true;
  // Sent twice because the first answer was lost?
  const [key, proof] = found;
  return key?.[0]?.lease === lease && key[0].value === term && proof?.[0]?.value === term;
}

/** From now on nobody may end this host's term because of its fence, whatever the keys say. */
export async function forget(etcd: Etcd, name: string): Promise<void> {
  await etcd.transact([], [{ remove: `${ARMED}${name}` }]);
}

/** The same, and then it removes the fence. False: the fence was gone before, and survivors may be at work, so nothing was changed. */
export async function disarm(etcd: Etcd, name: string, lease: string): Promise<boolean> {
  const armed = `${ARMED}${name}`;
  const { isDone, found } = await etcd.transact(
    [{ key: `${FENCES}${name}`, lease }],
    [{ remove: armed }],
    [{ get: armed }],
  );
  if (isDone) await etcd.revoke(lease).catch(() => {});
  // Sent twice because the first answer was lost?
  return isDone || found[0]?.length === 0;
}

/** Ends the term of a leader that is certainly fenced. False: it was not fenced, or is no leader any more. */
export async function release(etcd: Etcd, leader: { name: string; term: string }): Promise<boolean> {
  const { isDone } = await etcd.transact(
    [
      ...isLeading(leader.name, leader.term),
      { key: `${ARMED}${leader.name}`, value: leader.term },
      { key: `${FENCES}${leader.name}`, revision: '0' },
    ],
    [],
  );
  // A term that has lost its fence never gets one again, so what was read stays true.
  if (isDone) await etcd.revoke(leader.term.split('.')[1] ?? '');
  return isDone;
}

function isLeading(name: string, term: string): Compare[] {
  const [created = '', lease = ''] = term.split('.');
  return [
    { key: LEADER, value: name },
    { key: LEADER, lease },
    { key: LEADER, created },
  ];
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}

function placeOf(value: string): string {
  const { api_url: url } = (parse(value) ?? {}) as { api_url?: unknown };
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : '';
}
