import type { Doctor } from '../../../src/contract/cluster/doctor.ts';
import type { RegionMemory } from '../../../src/contract/cluster/memory.ts';
import type { ClusterStatus } from '../../../src/contract/cluster/status.ts';
import { execHost } from '../../../src/lab/exec.ts';
import type { Layout } from '../../../src/lab/layout.ts';
import { pause } from '../until.ts';
import { type Truth, watchTruth } from './truth.ts';

/** What a surviving region said in one second. `askedAt`, `answeredAt`: ms since 1970. Null: no answer in time. */
export interface Said {
  readonly second: number;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly cluster: ClusterStatus | null;
  readonly doctor: Doctor | null;
  /** First line of `GET /status` through this host's own proxy; null: the API has no answer within a second. */
  readonly status: string | null;
}

/** Everything of one fault. `faultAt`: ms since 1970. `memories`: what survivors remembered, by second. */
export interface Recording {
  readonly fault: string;
  readonly faultAt: number;
  readonly asked: string;
  readonly said: readonly Said[];
  readonly truths: readonly Truth[];
  readonly memories: readonly { readonly second: number; readonly memory: RegionMemory }[];
}

/** What is recorded. `asked`: a region host that survives; `regions`: all; `play` begins the fault and resolves when it has happened. */
export interface RecordOrder {
  readonly layout: Layout;
  readonly fault: string;
  readonly asked: string;
  readonly regions: readonly string[];
  readonly vip: string;
  readonly apiKey: string;
  readonly seconds: number;
  readonly play: () => Promise<void>;
}

const UNDER_WAY_MAX = 2;
const MARK = '\u001e';
/** Cluster and doctor as root of the host gets them: from the database, else from memory; the API's status; what this region remembers. */
const ASK = String.raw`
host() { curl -s -m 6 --unix-socket /run/regent/agent-api.sock "http://localhost/host/v1/$1" || true; printf '\036'; }
host cluster; host doctor
curl -s -m 1 -H "Authorization: Bearer $1" http://127.0.0.1:5240/api/v1/status || true; printf '\036'
p=/etc/regent/pki
curl -s -m 2 --cacert $p/ca.crt --cert $p/node.crt --key $p/node.key --connect-to ::127.0.0.1:5251 https://regent-region:5251/peer/v1/memory || true
`;

/** Plays a fault and asks a survivor each second. */
export async function record(order: RecordOrder): Promise<Recording> {
  const { layout, asked, regions, vip, seconds } = order;
  const truth = watchTruth({ layout, regions, vip });
  await pause(2_000);
  const said: Said[] = [];
  const memories: { second: number; memory: RegionMemory }[] = [];
  const begin = Date.now();
  const [first] = await Promise.all([ask(order, asked, 0), Promise.resolve()]);
  keep(first, said, memories);
  const faultAt = await playAt(order);
  const rounds: Promise<void>[] = [];
  let underWay = 0;
  for (let second = 1; second <= seconds; second += 1) {
    await pause(Math.max(0, faultAt + second * 1000 - Date.now()));
    // On a machine that is too slow, questions that pile up would be what makes it slow.
    if (underWay >= UNDER_WAY_MAX) continue;
    underWay += 1;
    const round = ask(order, asked, second).then((answer) => keep(answer, said, memories));
    rounds.push(round.finally(() => (underWay -= 1)));
  }
  await Promise.all(rounds);
  const truths = await truth.stop();
  if (begin > faultAt) throw new Error('the clock went back');
  return {
    fault: order.fault,
    faultAt,
    asked,
    said: said.toSorted((a, b) => a.second - b.second),
    truths,
    memories: memories.toSorted((a, b) => a.second - b.second),
  };
}

/** The fault begins when it is ordered; a switchover goes on while one asks. */
async function playAt({ play }: RecordOrder): Promise<number> {
  const at = Date.now();
  const over = play();
  over.catch(() => {});
  await Promise.race([over, pause(900)]);
  return at;
}

function keep(round: Round, said: Said[], memories: { second: number; memory: RegionMemory }[]): void {
  said.push(round.said);
  if (round.memory !== null) memories.push({ second: round.said.second, memory: round.memory });
}

interface Round {
  readonly said: Said;
  readonly memory: RegionMemory | null;
}

async function ask({ layout, apiKey }: RecordOrder, host: string, second: number): Promise<Round> {
  const askedAt = Date.now();
  const result = await execHost(layout, host, ['sh', '-c', ASK, 'sh', apiKey], { timeoutMs: 15_000 }).catch(() => null);
  const [cluster, doctor, status, memory] = (result?.stdout ?? '').split(MARK).map(parse);
  return {
    said: {
      second,
      askedAt,
      answeredAt: Date.now(),
      cluster: (cluster ?? null) as ClusterStatus | null,
      doctor: (doctor ?? null) as Doctor | null,
      status: summaryOf(status),
    },
    memory: (memory ?? null) as RegionMemory | null,
  };
}

function summaryOf(status: unknown): string | null {
  if (typeof status !== 'object' || status === null || !('state' in status) || !('summary' in status)) return null;
  return `${String(status.state).toUpperCase()}: ${String(status.summary)}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
