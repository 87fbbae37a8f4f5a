import type { RouteOutput } from '../../../src/contract/routes.ts';
import { RUN } from './drill-live.ts';
import { before } from './when.ts';

type Machine = RouteOutput<'machine.show'>;
type Recording = RouteOutput<'drill.show'>;

/** Machines and drills of a site. */
export interface FleetData {
  machines: Machine[];
  timeline: RouteOutput<'machine.timeline'>;
  syncs: RouteOutput<'image-sync.list'>['items'];
  hazards: RouteOutput<'drill.hazards'>['items'];
  recordings: Recording[];
}

const HOUR = 3_600_000;
const DIGEST = '3f2a90'.padEnd(64, '0');

/** A machine in a state. */
export function machine(id: string, name: string, state: Machine['state']): Machine {
  const isBad = state?.startsWith('failed-') === true || state === 'broken';
  return {
    id,
    hostname: name,
    domain: 'example.test',
    fqdn: `${name}.example.test`,
    rack: null,
    interfaces: [
      {
        id: 7,
        name: 'eth0',
        mac: '52:54:00:00:00:07',
        kind: 'physical',
        vlan: 'lab/vlan10',
        addresses: [{ address: '10.10.10.20', subnet: '10.10.10.0/24', subnetId: 1 }],
        tags: [],
      },
    ],
    state,
    stateSince: before(2 * HOUR),
    owner: state === 'deployed' ? 'admin' : null,
    locked: false,
    error: isBad ? 'The deadline passed while it loaded the kernel.' : '',
    message: state === 'commissioning' ? 'waits for its inventory and the end of its scripts' : '',
    deadline: state === 'commissioning' ? before(-12 * 60_000) : null,
    job: null,
    ...(state === 'deployed'
      ? {
          deployment: { image: 'debian-13', digest: DIGEST, startedAt: before(3 * HOUR), deployedAt: before(2 * HOUR) },
        }
      : {}),
    busy: state === 'commissioning',
    zone: 'default',
    pool: 'default',
    description: '',
    bmc: 'bmc1',
    powerState: isBad ? 'error' : 'on',
    powerStateAt: before(60_000),
    powerSeenBy: 'k1',
    powerWhy: isBad ? 'bmc1 does not answer.' : '',
    powerRemedy: '',
    tags: ['rack7'],
  } as Machine;
}

/** Four machines, no sync under way, one round. */
export function fleet(): FleetData {
  return {
    machines: [
      machine('aaaaa1', 'm1', 'deployed'),
      machine('aaaaa2', 'm2', 'ready'),
      machine('aaaaa3', 'm3', 'commissioning'),
      machine('aaaaa4', 'm10', 'allocated'),
    ],
    timeline: timeline(false),
    syncs: [],
    hazards: [
      { id: 'planned-switchover', group: 'planned', title: 'An operator hands the database on', isLong: false },
      { id: 'planned-drain', group: 'planned', title: 'A node is drained', isLong: false },
      { id: 'host-kill-primary', group: 'host', title: 'The host of the primary loses its power', isLong: true },
    ],
    recordings: [recording(1, true)],
  };
}

/** Machines that failed, a sync under way. */
export function illFleet(): FleetData {
  const well = fleet();
  return {
    ...well,
    machines: [
      machine('aaaaa1', 'm1', 'failed-deployment'),
      machine('aaaaa2', 'm2', 'broken'),
      ...well.machines.slice(2),
    ],
    timeline: timeline(true),
    syncs: [sync()],
  };
}

function timeline(isLate: boolean): FleetData['timeline'] {
  const step = (id: string, ms: number, what: string, detail: string) => ({
    id,
    at: before(ms),
    source: 'boot',
    node: 'k1',
    what,
    outcome: 'done',
    address: '10.10.10.20',
    detail,
    afterMs: 1200,
  });
  return {
    machine: 'aaaaa1',
    name: 'm1.example.test',
    state: isLate ? 'failed-deployment' : 'deployed',
    now: before(0),
    run: { id: 3, purpose: 'deploying', startedAt: before(HOUR), endedAt: null },
    runs: [3, 2, 1],
    steps: [step('a', 50_000, 'lease', '10.10.10.20 on VLAN lab/vlan10'), step('b', 40_000, 'loader', 'ipxe.efi')],
    isCut: false,
    deadline: null,
    next: isLate
      ? {
          stage: 'loading',
          since: before(40_000),
          next: 'the boot script',
          deadline: before(20_000),
          isLate: true,
          sentence: 'It has its loader, and has not asked for its boot script for 40 s.',
        }
      : null,
    causes: isLate
      ? [
          {
            code: 'no-script',
            sentence: 'The loader does not reach the rack over HTTP.',
            remedy: 'Look at the firewall: `regent service show k1/http`.',
          },
        ]
      : [],
  } as FleetData['timeline'];
}

function sync(): FleetData['syncs'][number] {
  return {
    source: 'ours',
    state: 'running',
    node: 'r1',
    askedAt: before(HOUR),
    endedAt: null,
    images: 3,
    fetched: 1,
    file: 'root.tar.zst',
    received: 100_000_000,
    size: 734_003_200,
    problem: '',
  };
}

function recording(id: number, isPassed: boolean): Recording {
  const names = { hazard: 'planned-switchover', round: 1, seed: 7, startedAt: before(26 * HOUR) };
  return {
    ...names,
    id,
    run: RUN,
    isPassed,
    broken: isPassed ? [] : ['outage'],
    version: '0.4.0',
    label: 'production',
    storedAt: before(26 * HOUR),
    verdict: {
      ...names,
      label: 'production',
      isPassed,
      checks: [
        { what: 'ledger', isHeld: true, limit: 'nothing lost', measured: '120 writes, all there' },
        { what: 'outage', probe: 'write', isHeld: isPassed, limit: '4.0 s', measured: isPassed ? '1.2 s' : '6.1 s' },
      ],
      predicted: [{ probe: 'write', leastMs: 1000, mostMs: 3000 }],
    } as Recording['verdict'],
    timeline: names,
  };
}
