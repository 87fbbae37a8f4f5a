import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type {
  Desired,
  HostObservation,
  Observation,
  ServiceObservation,
} from '../../../../src/contract/cluster/agent.ts';
import { FEATURES } from '../../../../src/model/cluster/cluster.ts';
import { createNode } from '../../../../src/store/queries/cluster/nodes.ts';
import { writeCluster } from '../../../../src/store/queries/cluster/cluster.ts';
import { recordCertificate } from '../../../../src/store/queries/cluster/certificates.ts';
import { acceptRack, createRack } from '../../../../src/store/queries/cluster/racks.ts';
import type { RouteOutput } from '../../../../src/contract/routes.ts';
import { anObservation, aServiceReport } from '../../observation.ts';
import { realRandom } from '../../postgres.ts';
import type { TestRegion } from '../../region.ts';
import { change, value } from '../../store.ts';

/** Hosts of a site as its agents report them: three region nodes, two racks on two VLANs. */
const REGIONS = ['r1', 'r2', 'r3'] as const;
const RACKS = ['k1', 'k2'] as const;
const DAY = 86_400_000;
const after = (ms: number) => new Date(Date.now() + ms).toISOString();
const STARTED = after(-5 * 3_600_000);
/** The UUID of a rack. */
export const uuidOf = (rack: string) => `00000000-0000-4000-8000-00000000000${rack.slice(1)}`;
const serialOf = (name: string) => (name.startsWith('r') ? '0a' : '0b') + name.slice(1);
const addressOf = (name: string) => `10.77.0.${(name.startsWith('r') ? 10 : 20) + Number(name.slice(1))}`;

/** A network interface as an agent reports it. */
export interface Nic {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
}

/** What differs on a node from all being well. */
export interface AgentChanges {
  /** Of its services, by name. */
  readonly services?: Readonly<Record<string, Partial<ServiceObservation>>>;
  readonly certificateDays?: number;
  /** Instead of its own. */
  readonly interfaces?: readonly Nic[];
}

/** Makes the nodes and racks as `regent init` and `regent join` leave them. */
export async function addNodes({ db }: Pick<TestRegion, 'db'>): Promise<void> {
  value(
    await change(db, async (tx) => {
      for (const name of FEATURES)
        await tx.run(sql`insert into features (name) values (${name}) on conflict do nothing`);
      await writeCluster(tx, { id: 'lab', vip: '10.77.0.10/24', virtualRouter: 51 });
      for (const name of [...REGIONS.slice(1), ...RACKS]) {
        const isRegion = name.startsWith('r');
        await createNode(tx, {
          id: name,
          name,
          isRegion,
          isRack: !isRegion,
          isDrained: false,
          addresses: [addressOf(name)],
        });
      }
      for (const name of RACKS) {
        const uuid = uuidOf(name);
        await createRack(tx, { uuid, name, publicKey: name.padEnd(43, 'x'), nodeId: null });
        value(await acceptRack(tx, { key: uuid }, { nodeId: name, name }));
      }
      for (const nodeId of [...REGIONS, ...RACKS])
        await recordCertificate(tx, {
          serial: serialOf(nodeId),
          nodeId,
          notBefore: Date.now() - 10 * DAY,
          notAfter: Date.now() + 80 * DAY,
        });
      return {};
    }),
  );
}

/** Reports of every node now, as its agent makes them of what is published for it. `silent`: these say nothing. */
export async function report(
  { region }: Pick<TestRegion, 'region'>,
  changes: Readonly<Record<string, AgentChanges>> = {},
  silent: readonly string[] = [],
): Promise<void> {
  for (const name of [...REGIONS, ...RACKS]) {
    if (silent.includes(name)) continue;
    const desired = (await region.agents.pull(name, { generation: 0, digest: '' })) as Desired | null;
    await region.agents.observe(name, observationOf(name, desired, changes[name] ?? {}));
  }
}

function observationOf(name: string, desired: Desired | null, changes: AgentChanges): Observation {
  const generation = desired?.generation ?? 0;
  const published = Object.entries(desired?.body.services ?? {});
  const services = published.map(([service, { restart, desired: wanted }]) =>
    aServiceReport(service, {
      ...(wanted === null ? { state: 'absent', why: 'The service is not wanted on this node.' } : {}),
      wanted: generation,
      wantedDigest: desired?.digest ?? '',
      applied: generation,
      appliedDigest: desired?.digest ?? '',
      since: STARTED,
      restartDone: restart,
      lastAction: { kind: 'reload', why: 'its configuration is another one', at: STARTED, trigger: 'change' },
      ...(wanted === null || factsOf(service, name) === null ? {} : { facts: factsOf(service, name) ?? {} }),
      ...changes.services?.[service],
    }),
  );
  return anObservation(name, {
    generation,
    digest: desired?.digest ?? '',
    agentSince: STARTED,
    services,
    host: hostOf(name, changes),
    facts: {
      hostname: name,
      os: { id: 'debian', version: '13' },
      isContainer: true,
      versions: { dns: '1.2.3', dhcp: '2.6.3' },
      interfaces: (changes.interfaces ?? nicsOf(name)).map((nic) => ({ ...nic, addresses: [...nic.addresses] })),
    },
  });
}

function nicsOf(name: string): readonly Nic[] {
  if (name.startsWith('r')) return [{ name: 'eth0', mac: '02:00:00:00:01:01', addresses: [`${addressOf(name)}/24`] }];
  return ['10', '20'].map((vid, index) => ({
    name: `eth${index + 1}`,
    mac: `02:00:00:00:0${index + 2}:0${name.slice(1)}`,
    addresses: [`10.10.${vid}.${name.slice(1)}/${vid === '20' ? 22 : 24}`],
  }));
}

function hostOf(name: string, { certificateDays = 80 }: AgentChanges): HostObservation {
  const isRegion = name.startsWith('r');
  return {
    certificate: { serial: serialOf(name), notBefore: after(-10 * DAY), notAfter: after(certificateDays * DAY) },
    disks: [{ path: '/', sizeBytes: 1_000_000, freeBytes: 700_000 }],
    roles: {
      vip: isRegion ? { state: name === 'r1' ? 'active' : 'backup', since: STARTED } : null,
      database: isRegion ? { state: name === 'r1' ? 'primary' : 'standby', since: STARTED } : null,
    },
  };
}

/** What a daemon says of itself; null: nothing. */
function factsOf(service: string, name: string): Record<string, unknown> | null {
  const isFirst = name === 'r1';
  switch (service) {
    case 'db':
      return {
        role: isFirst ? 'primary' : 'standby',
        state: isFirst ? 'running' : 'streaming',
        timeline: 3,
        lagBytes: isFirst ? null : 0,
        isSynchronous: !isFirst,
        isStreaming: !isFirst,
        isConfigured: true,
        members: REGIONS.map((one) => ({
          name: one,
          role: one === 'r1' ? 'primary' : 'standby',
          state: one === 'r1' ? 'running' : 'streaming',
          timeline: 3,
          lagBytes: one === 'r1' ? null : 0,
          isSynchronous: one !== 'r1',
        })),
      };
    case 'dcs':
      return {
        memberId: name,
        isLeader: isFirst,
        isLearner: false,
        hasQuorum: true,
        sizeBytes: 1000,
        alarms: [],
        members: REGIONS.map((one) => ({ name: one, id: one, isLearner: false })),
      };
    case 'lb':
      return { primary: 'r1', regions: REGIONS.map((one) => ({ name: one, isUp: true })) };
    case 'vip':
      return { isHolder: isFirst, isFit: true, why: 'it serves' };
    case 'dns':
      return { serials: { 'lab.test': 42 } };
    case 'dhcp@k1_k2':
      return {
        pair: {
          role: name === 'k1' ? 'primary' : 'standby',
          partner: name === 'k1' ? 'k2' : 'k1',
          kea: 'hot-standby',
          partnerKea: 'hot-standby',
          isServing: name === 'k1',
          state: name === 'k1' ? 'serving' : 'standby',
          since: STARTED,
          why: null,
          hearsPartner: true,
          isWhole: true,
        },
      };
    case 'ntp':
      return { isSynchronised: true, offsetSeconds: 0.001 };
    default:
      return null;
  }
}

/** What an agent reads of a log: lines, or why there are none. */
export type LogAnswer = Pick<RouteOutput<'node.logs'>, 'items' | 'cursor'> | string;

/** The agent of a node answers requests for its logs, until it is ended. */
export function answerLogs(
  { region: { agents } }: Pick<TestRegion, 'region'>,
  node: string,
  answer: () => LogAnswer,
): () => Promise<void> {
  const ended = new AbortController();
  const round = async () => {
    while (!ended.signal.aborted) {
      const request = { key: realRandom.hex(16), kinds: ['read-log'], limit: 8 };
      for (const { id, epoch } of (await agents.commands.claim(node, request)).commands) {
        const found = answer();
        const end =
          typeof found === 'string'
            ? { state: 'failed' as const, sentence: found }
            : { state: 'done' as const, sentence: 'Read.', result: { ...found, isCut: false } };
        await agents.commands.report(node, id, { epoch, ...end });
      }
      await sleep(50);
    }
  };
  const running = round();
  return async () => {
    ended.abort();
    await running;
  };
}
