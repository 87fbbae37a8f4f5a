import type { DrillLive } from '../../../src/contract/cluster/drill.ts';
import type { RouteId, RouteOutput } from '../../../src/contract/routes.ts';
import { before } from './when.ts';

type Machine = RouteOutput<'machine.show'>;
type Image = RouteOutput<'image.show'>;
type Recording = RouteOutput<'drill.show'>;

/** Machines, images and drills of a site that a test plays. */
export interface FleetData {
  machines: Machine[];
  timeline: RouteOutput<'machine.timeline'>;
  inventory: RouteOutput<'machine.inventory'> | null;
  results: RouteOutput<'machine.results'>['items'];
  output: string;
  storage: RouteOutput<'storage.show'>;
  images: Image[];
  sources: RouteOutput<'boot-source.list'>['items'];
  syncs: RouteOutput<'image-sync.list'>['items'];
  hazards: RouteOutput<'drill.hazards'>['items'];
  recordings: Recording[];
}

const HOUR = 3_600_000;
const DIGEST = '3f2a90'.padEnd(64, '0');
const RUN = '6f1c1a52-1f5c-4a39-9d6f-2b0c9e3f7a10';

/** A machine in a state. `free`: what takes the place of free texts. */
export function machine(id: string, name: string, state: Machine['state'], free = ''): Machine {
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
        tags: free === '' ? [] : [free],
      },
    ],
    state,
    stateSince: before(2 * HOUR),
    owner: state === 'deployed' ? 'admin' : null,
    locked: false,
    error: isBad ? free || 'The deadline passed while it loaded the kernel.' : '',
    message: state === 'commissioning' ? 'waits for its inventory and the end of its scripts' : '',
    deadline: state === 'commissioning' ? before(-12 * 60_000) : null,
    job: null,
    ...(state === 'deployed'
      ? { deployment: { image: 'debian-13', digest: DIGEST, begunAt: before(3 * HOUR), deployedAt: before(2 * HOUR) } }
      : {}),
    busy: state === 'commissioning',
    zone: 'default',
    pool: 'default',
    description: free,
    bmc: 'bmc1',
    powerState: isBad ? 'error' : 'on',
    powerStateAt: before(60_000),
    powerSeenBy: 'k1',
    powerWhy: isBad ? free || 'bmc1 does not answer.' : '',
    powerRemedy: '',
    tags: ['rack7'],
  } as Machine;
}

/** Four machines, one image on all regions, no sync under way, one round. */
export function fleet(): FleetData {
  return {
    machines: [
      machine('aaaaa1', 'm1', 'deployed'),
      machine('aaaaa2', 'm2', 'ready'),
      machine('aaaaa3', 'm3', 'commissioning'),
      machine('aaaaa4', 'm10', 'allocated'),
    ],
    timeline: timeline(false),
    inventory: inventory(),
    results: [result('passed')],
    output: 'all is well\n',
    storage: storage(null),
    images: [image('debian-13', ['r1', 'r2', 'r3'])],
    sources: [
      {
        id: 1,
        name: 'ours',
        comment: '',
        type: 'regent',
        sourceUrl: 'https://images.example.test',
        keyring: '',
        selections: 'debian-13:amd64',
      },
    ],
    syncs: [sync('done')],
    hazards: [
      { id: 'planned-switchover', group: 'planned', title: 'An operator hands the database on', isLong: false },
      { id: 'planned-drain', group: 'planned', title: 'A node is drained', isLong: false },
      { id: 'host-kill-primary', group: 'host', title: 'The host of the primary loses its power', isLong: true },
    ],
    recordings: [recording(1, true)],
  };
}

/** Machines that failed, an image that is on one region, a sync under way, a round that failed. `free`: what takes the place of free texts. */
export function illFleet(free = ''): FleetData {
  const well = fleet();
  return {
    ...well,
    machines: [
      machine('aaaaa1', 'm1', 'failed-deployment', free),
      machine('aaaaa2', 'm2', 'broken', free),
      ...well.machines.slice(2),
    ],
    timeline: timeline(true, free),
    inventory: free === '' ? null : { ...inventory(), problems: [free] },
    results: [{ ...result('failed'), script: free || 'regent-disk' }],
    output: free || 'No disk answers.\n',
    storage: storage(free || 'sda is smaller than what is asked for.', free),
    images: [image(free === '' ? 'debian-13' : 'rocky-10', ['r1'])],
    syncs: [{ ...sync('running'), problem: free }],
    recordings: [recording(1, false, free), recording(2, true)],
  };
}

/** Nothing yet. */
export function newFleet(): FleetData {
  return { ...fleet(), machines: [], images: [], sources: [], syncs: [], recordings: [], results: [], inventory: null };
}

/** As many as a list must bear. */
export function manyMachines(count: number): Machine[] {
  const states = ['ready', 'deployed', 'new', 'broken', 'allocated'] as const;
  return Array.from({ length: count }, (_, index) =>
    machine(index.toString(36).padStart(6, '0'), `node${index + 1}`, states[index % states.length] ?? 'ready'),
  );
}

/** Data of an event of a drill under way: the floating address was away for a second. */
export function drillLive(job: number): DrillLive {
  return {
    job,
    run: RUN,
    startedAt: before(12_000),
    cellMs: 500,
    lanes: [
      { probe: 'write', cells: '..++++++++--++++++' },
      { probe: 'vip', cells: '..+++++++++-++++++' },
    ],
    marks: [{ at: 4500, kind: 'fault', host: 'r1', text: 'r1 hands the database on' }],
    limits: [{ probe: 'write', mostMs: 4000 }],
  };
}

/** What the calls about all this answer. */
export function fleetAnswers(
  data: FleetData,
  params: Readonly<Record<string, string>>,
  page: (items: unknown[]) => unknown,
): Partial<Record<RouteId, () => unknown>> {
  const found = data.machines.find(({ id, hostname }) => [id, hostname].includes(params['machine'] ?? ''));
  return {
    'machine.list': () => page(data.machines),
    'machine.show': () => found,
    'machine.timeline': () => data.timeline,
    'machine.inventory': () => data.inventory ?? undefined,
    'machine.results': () => ({ items: data.results }),
    'machine.result': () => ({
      ...data.results[0],
      contents: [{ kind: 'output', bytes: data.output.length, text: data.output }],
    }),
    'storage.show': () => data.storage,
    'image.list': () => page(data.images),
    'image.show': () => data.images.find(({ digest }) => digest === params['image']),
    'boot-source.list': () => page(data.sources),
    'image-sync.list': () => page(data.syncs),
    'drill.hazards': () => ({ items: data.hazards }),
    'drill.list': () => page(data.recordings.map(roundOf)),
    'drill.show': () => data.recordings.find(({ id }) => String(id) === params['round']),
    'drill.report': () => ({ format: 'text', text: 'planned-switchover: passed\n' }),
    'bmc.list': () => page([]),
  };
}

/** A round without its recording. */
function roundOf(recording: Recording): unknown {
  const round: Partial<Recording> = { ...recording };
  delete round.verdict;
  delete round.timeline;
  return round;
}

function timeline(isLate: boolean, free = ''): FleetData['timeline'] {
  const step = (id: string, ms: number, what: string, detail: string) => ({
    id,
    at: before(ms),
    source: 'boot',
    node: 'k1',
    what,
    outcome: 'done',
    address: '10.10.10.20',
    detail: free || detail,
    afterMs: 1200,
  });
  return {
    machine: 'aaaaa1',
    name: 'm1.example.test',
    state: isLate ? 'failed-deployment' : 'deployed',
    now: before(0),
    run: { id: 3, purpose: 'deploying', begunAt: before(HOUR), endedAt: null },
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
          sentence: free || 'It has its loader, and has not asked for its boot script for 40 s.',
        }
      : null,
    causes: isLate
      ? [
          {
            code: 'no-script',
            sentence: free || 'The loader does not reach the rack over HTTP.',
            remedy: 'Look at the firewall: `regent service show k1/http`.',
          },
        ]
      : [],
  } as FleetData['timeline'];
}

function inventory(): RouteOutput<'machine.inventory'> {
  return {
    machine: 'aaaaa1',
    at: before(5 * HOUR),
    source: '10.10.10.20',
    inventory: {
      kernel: '6.12.1',
      cpu: { count: 32, cores: 16, model: 'Xeon', architecture: 'x86_64' },
      memory: { kb: 67_108_864 },
      disks: [{ name: 'sda', bytes: 960_197_124_096, model: 'SSD', serial: 'S1', rotational: false, bus: 'sata' }],
      interfaces: [
        {
          name: 'eth0',
          mac: '52:54:00:00:00:07',
          link: true,
          speedMbps: 10_000,
          product: 'X710',
          lldp: [{ system: 'switch1', port: 'ge-0/0/7' }],
        },
      ],
      pci: [{ address: '0000:01:00.0', vendor: '8086', device: '1572', name: 'Ethernet' }],
      firmware: { kind: 'uefi', vendor: 'EDK II', secureBoot: true },
      system: { vendor: 'Example', product: 'Server', serial: 'X1' },
    },
    problems: [],
  };
}

function result(state: 'passed' | 'failed'): FleetData['results'][number] {
  return {
    id: 4,
    run: 3,
    purpose: 'testing',
    script: 'regent-memory',
    state,
    exitStatus: state === 'passed' ? 0 : 1,
    startedAt: before(HOUR),
    endedAt: before(HOUR / 2),
    at: before(HOUR / 2),
    outputs: [{ kind: 'output', bytes: 12, kept: 12 }],
  };
}

function storage(problem: string | null, free = ''): RouteOutput<'storage.show'> {
  return {
    machine: 'aaaaa1',
    storage: { isUsual: problem === null, next: 2, bootDisk: null, disks: [], raids: [], groups: [], fileSystems: [] },
    devices: [
      { id: 1, name: 'sda', kind: 'disk', bytes: 960_197_124_096, freeBytes: 0, on: free || 'ext4 on /', tags: [] },
    ],
    problem,
  };
}

function image(name: string, wholeOn: string[]): Image {
  const nodes = ['r1', 'r2', 'r3'];
  return {
    digest: DIGEST,
    name,
    kind: 'deployable',
    architecture: 'amd64',
    kernel: '',
    content: { format: 'tar', compression: 'zst', bytes: null, cloudInit: true },
    size: 734_003_200,
    isDefault: false,
    createdBy: 'admin',
    createdAt: before(48 * HOUR),
    regions: nodes,
    wholeOn,
    files: [
      {
        name: 'root.tar.zst',
        size: 734_003_200,
        sha256: DIGEST,
        places: nodes.map((node) => ({
          node,
          state: wholeOn.includes(node) ? ('there' as const) : ('fetching' as const),
          since: before(HOUR),
        })),
        racks: [
          { node: 'k1', isThere: true, since: before(HOUR) },
          { node: 'k2', isThere: wholeOn.length === nodes.length, since: before(HOUR) },
        ],
      },
    ],
  };
}

function sync(state: 'done' | 'running'): FleetData['syncs'][number] {
  return {
    source: 'ours',
    state,
    node: 'r1',
    askedAt: before(HOUR),
    endedAt: state === 'done' ? before(HOUR / 2) : null,
    images: 3,
    fetched: state === 'done' ? 3 : 1,
    file: state === 'done' ? '' : 'root.tar.zst',
    received: 100_000_000,
    size: 734_003_200,
    problem: '',
  };
}

function recording(id: number, isPassed: boolean, free = ''): Recording {
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
        { what: 'ledger', isHeld: true, limit: 'nothing lost', measured: free || '120 writes, all there' },
        { what: 'outage', probe: 'write', isHeld: isPassed, limit: '4.0 s', measured: isPassed ? '1.2 s' : '6.1 s' },
      ],
      predicted: [{ probe: 'write', leastMs: 1000, mostMs: 3000 }],
    } as Recording['verdict'],
    timeline: names,
  };
}
