import type { Fixture } from './replay.ts';

type Name = 'r1' | 'r2' | 'r3';
const NAMES: readonly Name[] = ['r1', 'r2', 'r3'];
/** Agents report every 10 s, ask haproxy every second and the others every four; each node at a moment of its own. */
const REPORT_MS = 10_000;
const PROBES = { lb: 1_000, db: 4_000, dcs: 4_000, vip: 4_000, firewall: 10_000 } as const;
const OFFSETS: Readonly<Record<Name, number>> = { r1: 300, r2: 2_600, r3: 5_900 };
const SECONDS = 30;
const BEFORE_MS = -20_000;
/** A report is on its way for so long. */
const TRAVEL_MS = 100;

/** What is so at each moment after a fault, ms. `deadFrom`: nobody hears the node from then on. */
interface Story {
  readonly fault: string;
  readonly asked: Name;
  readonly lost: readonly Name[];
  readonly up: (ms: number) => boolean;
  readonly primary: (ms: number) => Name | null;
  readonly timeline: (ms: number) => number;
  readonly holder: (ms: number) => Name | null;
}

/** Others' haproxies have found out by then: two checks of the database, one of the region. */
const SEEN_MS = 1_900;
const isGone = (name: Name, { lost }: Story, ms: number) => lost.includes(name) && ms >= 0;

function factsOf(service: keyof typeof PROBES, name: Name, story: Story, ms: number): object {
  const primary = story.primary(ms);
  const others = NAMES.filter((one) => one !== primary);
  switch (service) {
    case 'db':
      return {
        role: name === primary ? 'primary' : 'standby',
        state: name === primary ? 'running' : 'streaming',
        timeline: story.timeline(ms),
        lagBytes: 0,
        isSynchronous: name !== primary,
        isStreaming: name !== primary,
        isConfigured: true,
        members: NAMES.map((one) => ({
          name: one,
          role: one === primary ? 'primary' : 'standby',
          state: one === primary ? 'running' : isGone(one, story, ms) ? 'stopped' : 'streaming',
          timeline: story.timeline(ms),
          lagBytes: 0,
          isSynchronous: others.includes(one) && !isGone(one, story, ms),
        })),
      };
    case 'dcs':
      return {
        memberId: name,
        isLeader: name === 'r2',
        isLearner: false,
        hasQuorum: true,
        members: NAMES.map((one) => ({ name: one, id: one, isLearner: false })),
        sizeBytes: 0,
        alarms: [],
      };
    case 'lb':
      return {
        primary: primary !== null && isGone(primary, story, ms - SEEN_MS) ? null : primary,
        regions: NAMES.map((one) =>
          isGone(one, story, ms - SEEN_MS) ? { name: one, isUp: false, isSilent: true } : { name: one, isUp: true },
        ),
      };
    case 'vip':
      return { isHolder: name === story.holder(ms), isFit: true, why: '' };
    case 'firewall':
      return {};
  }
}

/** All reports of one node: at each change that its probes see, and every ten seconds. */
function reportsOf(name: Name, story: Story): Fixture['reports'][number][] {
  const reports: Fixture['reports'][number][] = [];
  const first: Record<string, number> = {};
  let said = '';
  let sentAt = -Infinity;
  for (let ms = BEFORE_MS + OFFSETS[name]; ms <= SECONDS * 1000 && !isGone(name, story, ms); ms += 100) {
    const asked = (service: keyof typeof PROBES) => {
      const every = PROBES[service];
      return ms - ((((ms - OFFSETS[name]) % every) + every) % every);
    };
    const services = (Object.keys(PROBES) as (keyof typeof PROBES)[]).map((service) => ({
      service,
      state: 'healthy',
      facts: factsOf(service, name, story, asked(service)),
    }));
    const isHolder = story.holder(ms) === name;
    const words = JSON.stringify([services, isHolder]);
    if (words === said && ms - sentAt < REPORT_MS) continue;
    said = words;
    sentAt = ms;
    const at = ms + TRAVEL_MS;
    if (factsRole(services) === 'primary') first['primary'] ??= at;
    else delete first['primary'];
    if (isHolder) first['vip'] ??= at;
    else delete first['vip'];
    const ages = Object.fromEntries(services.map(({ service }) => [service, ms - asked(service)]));
    const roles = { vip: { state: isHolder ? 'active' : 'backup', since: ms }, database: null };
    reports.push({
      at,
      nodeId: `n-${name}`,
      first: { ...first },
      host: { certificate: null, disks: [], roles, ages },
      services,
    });
  }
  return reports;
}

function factsRole(services: readonly { readonly service: string; readonly facts: object }[]): unknown {
  const db = services.find(({ service }) => service === 'db')?.facts;
  return db && 'role' in db ? db.role : null;
}

function fixtureOf(story: Story): Fixture {
  return {
    fault: story.fault,
    asked: story.asked,
    lost: story.lost,
    layout: {
      cluster: { id: 'regent-0f3a9c21', vip: '10.77.0.10/24', virtualRouter: 51 },
      nodes: NAMES.map((name, index) => ({
        id: `n-${name}`,
        name,
        isRegion: true,
        isRack: false,
        state: 'member' as const,
        address: `10.77.0.1${index + 1}`,
      })),
      racks: [],
    },
    reports: NAMES.flatMap((name) => reportsOf(name, story)).toSorted((a, b) => a.at - b.at),
    up: Array.from({ length: SECONDS + 1 }, (_, second) => second).filter((second) => story.up(second * 1000)),
    seconds: SECONDS,
  };
}

const changed =
  <T>(at: number, before: T, after: T) =>
  (ms: number) =>
    ms < at ? before : after;

/** r3 is the primary, r1 holds the address. Times are assumed, near those that drills measure: a new primary after 3.4 s, a new holder after 0.7 s. */
export const TIMELINES: readonly Fixture[] = [
  fixtureOf({
    fault: 'host-kill-primary',
    asked: 'r2',
    lost: ['r3'],
    up: (ms) => ms < 0 || ms > 3_800,
    primary: (ms) => (ms < 0 ? 'r3' : ms < 3_400 ? null : 'r1'),
    timeline: changed(3_400, 2, 3),
    holder: () => 'r1',
  }),
  fixtureOf({
    fault: 'host-kill-holder',
    asked: 'r2',
    lost: ['r1'],
    up: () => true,
    primary: () => 'r3',
    timeline: () => 2,
    holder: (ms) => (ms < 0 ? 'r1' : ms < 700 ? null : 'r2'),
  }),
  fixtureOf({
    fault: 'net-partition-primary',
    asked: 'r2',
    lost: ['r3'],
    up: (ms) => ms < 0 || ms > 4_200,
    // The old one is demoted by its keeper; what it says reaches nobody.
    primary: (ms) => (ms < 0 ? 'r3' : ms < 3_800 ? null : 'r1'),
    timeline: changed(3_800, 2, 3),
    holder: () => 'r1',
  }),
  fixtureOf({
    fault: 'planned-switchover',
    asked: 'r2',
    lost: [],
    up: (ms) => ms < 300 || ms > 1_600,
    primary: (ms) => (ms < 300 ? 'r3' : ms < 1_300 ? null : 'r1'),
    timeline: changed(1_300, 2, 3),
    holder: () => 'r1',
  }),
];
