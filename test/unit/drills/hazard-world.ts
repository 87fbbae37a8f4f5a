import type { Act, HazardStep } from '../../../src/drills/hazards/hazard.ts';
import type { Cast } from '../../../src/judge/timeline.ts';

/** What is wrong with a cluster after some steps, by the words of the acts alone. */
export interface World {
  readonly apply: (act: Act) => void;
  /** Everything that was made and not taken away, one text each. */
  readonly wrongs: () => string[];
  /** How many region nodes have an etcd that hears another or itself: of those that hear each other, the most. */
  readonly together: () => number;
}

interface Wrong {
  readonly text: string;
  readonly hosts: readonly string[];
  /** `power`: a boot ends it. `lab`: heal ends it. `unit`: nothing but its own way back, or a boot. */
  readonly endedBy: 'power' | 'lab' | 'unit';
  /** This host's etcd does not work, or these two do not hear each other. */
  readonly dead?: string;
  readonly deaf?: readonly (readonly [string, string])[];
}

/** A cluster in which nothing is wrong. */
export function newWorld(cast: Cast): World {
  let wrongs: Wrong[] = [];
  const add = (wrong: Wrong) => {
    wrongs = [...wrongs.filter(({ text }) => text !== wrong.text), wrong];
  };
  const end = (isOver: (wrong: Wrong) => boolean) => {
    wrongs = wrongs.filter((wrong) => !isOver(wrong));
  };
  const apply = (act: Act): void => {
    if (act.do === 'heal') {
      end(({ hosts, endedBy }) => endedBy !== 'unit' && (act.host === undefined || hosts.includes(act.host)));
      return;
    }
    if (act.do === 'start' || act.do === 'reboot') {
      end(({ hosts, endedBy }) => endedBy !== 'lab' && hosts.includes(act.host));
      return;
    }
    const undone = wayBack(act);
    if (undone !== null) end(({ text }) => text === undone);
    else for (const wrong of wrongOf(act, cast)) add(wrong);
  };
  const together = () => {
    const dead = new Set(wrongs.flatMap(({ dead }) => dead ?? []));
    const deaf = new Set(wrongs.flatMap(({ deaf = [] }) => deaf.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`])));
    const alive = cast.regions.filter((host) => !dead.has(host));
    return Math.max(0, ...alive.map((host) => alive.filter((other) => !deaf.has(`${host} ${other}`)).length));
  };
  return { apply, wrongs: () => wrongs.map(({ text }) => text), together };
}

/** The text of the wrong that an act ends; null: it ends none by itself. */
function wayBack(act: Act): string | null {
  if (act.do === 'thaw') return `frozen ${act.host}`;
  if (act.do === 'clock' && act.aheadS === 0) return `clock ${act.host}`;
  if (act.do === 'empty') return `full ${act.host} ${act.path}`;
  if (act.do === 'signal' && act.signal === 'CONT') return `stopped ${act.host} ${act.unit}`;
  if (act.do === 'unit' && act.verb === 'start') return `off ${act.host} ${act.unit}`;
  if (act.do === 'regent' && act.argv[1] === 'undrain') return `drained ${act.argv[2]}`;
  return null;
}

function wrongOf(act: Act, { regions }: Cast): Wrong[] {
  const pairs = (from: readonly string[], to: readonly string[]) =>
    from.flatMap((a) => to.map((b): readonly [string, string] => [a, b]));
  switch (act.do) {
    case 'kill':
    case 'stop':
      return [{ text: `off ${act.host}`, hosts: [act.host], endedBy: 'power', dead: act.host }];
    case 'freeze':
      return [{ text: `frozen ${act.host}`, hosts: [act.host], endedBy: 'power', dead: act.host }];
    case 'signal':
    case 'unit': {
      const isLasting = act.do === 'signal' ? act.signal === 'STOP' : act.verb === 'stop';
      const dead = act.unit === 'etcd.service' ? { dead: act.host } : {};
      const text = `${act.do === 'signal' ? 'stopped' : 'off'} ${act.host} ${act.unit}`;
      return isLasting ? [{ text, hosts: [act.host], endedBy: act.do === 'signal' ? 'power' : 'unit', ...dead }] : [];
    }
    case 'fill': {
      const dead = act.path === '/var/lib/etcd' ? { dead: act.host } : {};
      return [{ text: `full ${act.host} ${act.path}`, hosts: [act.host], endedBy: 'lab', ...dead }];
    }
    case 'clock':
      return [{ text: `clock ${act.host}`, hosts: [act.host], endedBy: 'lab' }];
    case 'cut':
    case 'loss':
    case 'block': {
      const others = act.do === 'cut' ? regions.filter((host) => host !== act.host) : [];
      return [{ text: JSON.stringify(act), hosts: [act.host], endedBy: 'lab', deaf: pairs([act.host], others) }];
    }
    case 'oneway':
    case 'halfopen': {
      const deaf = act.do === 'oneway' ? pairs(act.from, act.to) : [];
      return [{ text: JSON.stringify(act), hosts: [act.from, act.to].flat(), endedBy: 'lab', deaf }];
    }
    case 'partition': {
      const deaf = act.sides.flatMap((side, index) =>
        act.sides.slice(index + 1).flatMap((other) => pairs(side, other)),
      );
      return [{ text: JSON.stringify(act), hosts: act.sides.flat(), endedBy: 'lab', deaf }];
    }
    case 'regent': {
      const [, verb, host = ''] = act.argv;
      return verb === 'drain' ? [{ text: `drained ${host}`, hosts: [host], endedBy: 'unit' }] : [];
    }
    case 'start':
    case 'reboot':
    case 'thaw':
    case 'empty':
    // A damaged file is mended by its owner.
    case 'halve':
    case 'switchover':
    case 'lead':
    case 'terminate':
    case 'jobs':
    case 'recover':
    case 'rejoin':
    case 'pause':
    case 'burn':
    case 'crowd':
    case 'heal':
      return [];
  }
}

/** Names of hosts in an act, whatever it calls them. */
export function hostsIn(act: Act): string[] {
  if (act.do === 'partition') return act.sides.flat();
  if ('from' in act) return [act.from, act.to].flat();
  return 'host' in act && act.host !== undefined ? [act.host] : [];
}

/** Does it set the scene, or end something, rather than begin a fault? */
export function isFault(act: Act): boolean {
  return (
    !['lead', 'jobs', 'recover', 'rejoin'].includes(act.do) &&
    act.do !== 'heal' &&
    act.do !== 'start' &&
    wayBack(act) === null
  );
}

/** Steps with `@primary`, `@holder` and `@worker` in the place of whom they may mean: the primary that follows is a standby. */
export function withRoles(steps: readonly HazardStep[], cast: Cast): HazardStep[] {
  const text = JSON.stringify(steps);
  const next = cast.standbys[0] ?? cast.primary;
  return JSON.parse(text.replaceAll(/"@(primary|holder|worker)"/g, `"${next}"`)) as HazardStep[];
}
