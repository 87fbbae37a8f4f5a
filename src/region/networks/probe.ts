import { AppError, isRejected } from '../../core/errors.ts';
import type { Database } from '../../store/database.ts';
import { findProber, type Prober, readProbeState, storeProbes } from '../../store/queries/networks/probed-addresses.ts';
import type { Tx } from '../../store/tx.ts';
import { write } from '../../store/write.ts';
import type { AskAgent } from '../base/commands/ask-agent.ts';

/** Addresses that are probed at once: many machines that are made one after the other wait once. */
export const PROBED_AT_ONCE = 16;
/** So many addresses at which one card answers are no hosts: a router answers for all (proxy ARP, RFC 1027). */
const PROXY_LEAST = 8;
/** How long a node has to answer, s. */
const PROBE_SECONDS = 1;
/** Probes that one request may wait for: of several networks, or because hosts answered at all addresses of one. */
const ROUNDS_MOST = 4;

/** An automatic address is not given before a node of its network has probed it: the transaction is undone, and begins again after that. */
class ProbeNeeded extends AppError {
  readonly cidr: string;
  readonly addresses: readonly string[];
  readonly prober: Prober | null;
  constructor(cidr: string, addresses: readonly string[], prober: Prober | null) {
    super('probe_needed', `${addresses[0] ?? ''} was not probed yet`);
    this.cidr = cidr;
    this.addresses = addresses;
    this.prober = prober;
  }
}

/** Transactions that may be undone for a probe. */
const probing = new WeakSet<Tx>();

/** A transaction inside another one may be undone for a probe as that one may. */
export function withProbesOf<T extends Tx>(tx: Tx, inner: T): T {
  if (probing.has(tx)) probing.add(inner);
  return inner;
}

/**
 * Ends the transaction when the first of these addresses has to be probed before it is given, or when a probe that ended after the caller chose it
 * found another host there. `macs`: cards that may answer. No node there can probe: then it is given as it is.
 */
export async function wantProbe(
  tx: Tx,
  cidr: string,
  addresses: readonly string[],
  macs: readonly string[],
): Promise<void> {
  const [first] = addresses;
  if (first === undefined || !probing.has(tx)) return;
  const state = await readProbeState(tx, first, macs);
  if (state === 'free') return;
  const prober = await findProber(tx, cidr);
  if (prober !== null || state === 'occupied') throw new ProbeNeeded(cidr, addresses, prober);
}

/** Whom probes ask. */
export interface ProbePorts {
  readonly db: Database;
  readonly askAgent: AskAgent;
}

/** Of several calls that wait for addresses of one network, one asks. */
const runningProbes = new Map<string, Promise<void>>();

/** Runs a change, and again after each probe that it needs. `mark`: for the transaction of the body. The last run gives what is free by the database. */
export async function withProbes<T>(ports: ProbePorts, run: (mark: (tx: Tx) => void) => Promise<T>): Promise<T> {
  for (let round = 0; ; round += 1) {
    const mayProbe = round < ROUNDS_MOST;
    try {
      return await run((tx) => {
        if (mayProbe) probing.add(tx);
      });
    } catch (error) {
      if (!(error instanceof ProbeNeeded)) throw error;
      const key = `${error.cidr} ${error.addresses[0] ?? ''}`;
      const runningProbe = runningProbes.get(key) ?? probe(ports, error).finally(() => runningProbes.delete(key));
      runningProbes.set(key, runningProbe);
      await runningProbe;
    }
  }
}

async function probe({ db, askAgent }: ProbePorts, { cidr, addresses, prober }: ProbeNeeded): Promise<void> {
  // A call that read the database before the answer was stored comes here after it.
  const [first = ''] = addresses;
  const state = await db.read((tx) => readProbeState(tx, first));
  if (prober === null || state === 'free' || state === 'occupied') return;
  const args = { addresses: [...addresses] };
  const found = await askAgent({ node: prober, kind: 'probe-free', args, seconds: PROBE_SECONDS, caller: 'addresses' });
  const why = isRejected(found) ? found.message : found.kind === 'none' ? found.why : null;
  const answers = isRejected(found) || found.kind === 'none' ? [] : found.result.answers;
  const { taken, router } = withoutRouters(answers);
  const rows = addresses.map((address) => ({ address, mac: taken.get(address) ?? null }));
  const operation = {
    key: db.random.hex(16),
    requestDigest: cidr,
    actor: 'system:addresses',
    origin: prober.name,
    summary: `probe addresses of ${cidr}`,
  };
  const skipped = why ?? (router === null ? null : `${router} answers at every address there (proxy ARP)`);
  const stored = await write(
    db,
    operation,
    async (tx) => {
      await storeProbes(tx, why === null ? prober.id : null, rows);
      for (const [address, mac] of taken)
        tx.emit({ kind: 'address.conflict', subject: address, data: { subnet: cidr, mac, node: prober.name } });
      if (skipped !== null)
        tx.emit({ kind: 'address.unprobed', subject: cidr, data: { node: prober.name, why: skipped } });
      return { status: 200, body: null };
    },
    { deadlineMs: 3000 },
  );
  if (isRejected(stored)) db.log.warn('probed addresses not stored', { why: stored.message });
}

/** Addresses that hosts have. Pure. */
export function withoutRouters(answers: readonly { readonly address: string; readonly mac: string | null }[]): {
  readonly taken: ReadonlyMap<string, string>;
  readonly router: string | null;
} {
  const found = answers.flatMap(({ address, mac }) => (mac === null ? [] : [[address, mac] as const]));
  const byMac = Map.groupBy(found, ([, mac]) => mac);
  const router = [...byMac].find(([, rows]) => rows.length >= PROXY_LEAST)?.[0] ?? null;
  return { taken: new Map(found.filter(([, mac]) => mac !== router)), router };
}
