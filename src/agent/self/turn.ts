import type { Desired } from '../../contract/cluster/agent.ts';
import { stableJson } from '../../core/stable-json.ts';
import type { Driver } from '../driver.ts';
import type { LoopPorts } from '../ports.ts';

/** So long after one another the region nodes begin with a change that concerns them all, ms. A host checks its files and reloads its daemons in 1 to 3 s, on a busy machine 5. */
const TURN_MS = 3_000;
/** The holder of the floating address waits for no longer, ms, however many region nodes there are: turns are shorter then. */
const SPREAD_MS = 9_000;

/** The time from one turn to the next in a cluster of so many region nodes, ms. */
export const stepMs = (regions: number): number => Math.min(TURN_MS, SPREAD_MS / Math.max(1, regions));

/** What a turn depends on. `fraction`: a random number from 0 to 1. */
export type TurnInputs = { readonly holdsAddress: boolean; readonly fraction: number };

/**
 * How long this host leaves what is in force before it applies `next`, ms. 0 for almost everything. Where a region node comes, goes, or is drained, every
 * host has files to check and daemons to reload. They do so in turn, so that a fault shows on one of them first, and calls find a host that is not busy:
 * region nodes in the order of their names, then the holder of the floating address, racks at random meanwhile. Who leaves ends its services when nobody
 * asks them any more. So they do where each starts its etcd again, because it lets in others than before. A cluster of one region node has nobody to wait for.
 */
export function turnMs(inForce: Desired, next: Desired, { holdsAddress, fraction }: TurnInputs): number {
  const before = inForce.body.regions ?? [];
  const regions = next.body.regions ?? [];
  if (before.length < 2) return 0;
  if (stableJson(before) === stableJson(regions) && !restartsEtcd(inForce, next)) return 0;
  const [own, coming] = [nameIn(inForce), nameIn(next)];
  const step = stepMs(regions.length);
  if (coming === null) return step * (own === null ? regions.length * fraction : regions.length + 1);
  const names = regions.map(({ name }) => name).sort();
  return step * (holdsAddress ? names.length : Math.max(0, names.indexOf(coming)));
}

/** Does etcd get another file (`templates/dcs/etcd.yml.hbs`)? All of them at once would leave no majority. */
function restartsEtcd(inForce: Desired, next: Desired): boolean {
  const hasInner = ({ body }: Desired) => body.services['dcs']?.desired?.['inner'] !== undefined;
  return hasInner(inForce) !== hasInner(next);
}

/** Name of this host among those to which haproxy on it leads; null: it is no region node, or leaves. */
function nameIn({ body }: Desired): string | null {
  const name = body.services['lb']?.desired?.['name'];
  return typeof name === 'string' ? name : null;
}

/** The same driver, which takes a change of the cluster's members when the turn of this host has come, and then the newest that it was given. */
export function inTurn(driver: Driver, { log, random, wait }: Pick<LoopPorts, 'log' | 'random' | 'wait'>): Driver {
  let inForce: Desired | null = null;
  let waiting: Desired | null = null;
  let holdsAddress = false;
  const apply = (desired: Desired) => {
    inForce = desired;
    waiting = null;
    driver.want(desired);
  };
  const applyLater = async (ms: number) => {
    await wait(ms);
    if (waiting) apply(waiting);
  };
  return {
    ...driver,
    want: (next) => {
      if (inForce === null || isEnd(next)) return apply(next);
      if (waiting) {
        waiting = next;
        return;
      }
      const ms = turnMs(inForce, next, { holdsAddress, fraction: random.fraction() });
      if (ms === 0) return apply(next);
      log.info('the desired state waits: other region nodes apply it first', { generation: next.generation, ms });
      waiting = next;
      void applyLater(ms);
    },
    setRoles: (roles) => {
      holdsAddress = roles.some(({ kind, state }) => kind === 'vip' && state === 'active');
      driver.setRoles(roles);
    },
  };
}

/** Every service is to go: the rack was rejected. */
const isEnd = ({ body }: Desired): boolean => Object.values(body.services).every(({ desired }) => desired === null);
