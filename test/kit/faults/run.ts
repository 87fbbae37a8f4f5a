import type { Client } from '../../../src/contract/client.ts';
import { sentenceOf } from '../../../src/core/errors.ts';
import type { Layout } from '../../../src/lab/layout.ts';
import { dice } from '../dice.ts';
import { pause } from '../until.ts';
import { type DhcpLedger, EMPTY_DHCP } from './dhcp.ts';
import { audit, EMPTY_LEDGER, type Ledger, untilAnswered } from './ledger.ts';
import { type Load, startLoad } from './load.ts';
import { addLedgers, type Clients, type Probes, startClients, startProbes } from './probes.ts';
import { type FaultKind, inHost, inject, pidOf, stateOf, TARGETS, type Target } from './targets.ts';

export interface FaultOrder {
  readonly layout: Layout;
  readonly client: Client;
  readonly rounds: number;
  readonly seed: number;
  readonly writesPerSecond: number;
  /** Is this address one that DHCP may give? */
  readonly isPool: (address: string) => boolean;
  readonly targets?: readonly Target[];
  /** How many of a round's faults are drawn, at the most. */
  readonly cases: number;
  readonly print: (line: string) => void;
}

/** What one fault did. Times in ms; `recovered` null: not within the deadline, `why` says what was missing. */
export interface FaultResult {
  readonly round: number;
  readonly target: string;
  readonly kind: FaultKind;
  readonly recovered: number | null;
  readonly writeGap: number;
  readonly dnsGap: number;
  readonly dhcpGap: number;
  readonly proxyGap: number;
  readonly why: string;
}

/** The verdict: every result, and the ledgers of acknowledged writes and leases against what is there afterwards. */
export interface FaultReport extends Ledger {
  readonly seed: number;
  readonly leases: DhcpLedger;
  readonly results: readonly FaultResult[];
}

const DEADLINE_MS = 90_000;

/**
 * Kills and freezes every process in turn under a steady load of writes, DNS questions, leases and fetches. A fault is over when a
 * new write is acknowledged, that very record is answered by DNS, leases and fetches come, the site says ok, and no process is
 * frozen any more: nobody lends a hand.
 */
export async function runFaults(order: FaultOrder): Promise<FaultReport> {
  const random = dice(order.seed);
  const clients = await startClients(order.layout);
  const results: FaultResult[] = [];
  let ledger = EMPTY_LEDGER;
  let leases = EMPTY_DHCP;
  order.print(`faults: seed ${order.seed}, ${order.rounds} round(s), ${order.writesPerSecond} writes/s`);
  try {
    for (let round = 1; round <= order.rounds; round += 1) {
      const domain = `f${round}-${order.seed}.test`;
      const { load, probes } = await startRound(order, clients, { round, domain });
      const faults = random.shuffled(faultsOf(order.targets ?? TARGETS)).slice(0, order.cases);
      for (const { target, kind } of faults) {
        const phase = random.next() * 3000;
        const result = await oneFault({ order, clients, load, probes, target, kind, round, phase });
        results.push(result);
        order.print(line(result));
      }
      await load.stop();
      leases = addLedgers(leases, await probes.stop());
      ledger = await audit(order.client, clients.dns, load, ledger);
      await order.client.call('domain.delete', { params: { domain }, query: { cascade: true } });
    }
  } finally {
    clients.close();
  }
  return { seed: order.seed, results, leases, ...ledger };
}

async function startRound(
  order: FaultOrder,
  clients: Clients,
  { round, domain }: { readonly round: number; readonly domain: string },
): Promise<{ readonly load: Load; readonly probes: Probes }> {
  const { client, writesPerSecond } = order;
  const probe = `probe.${domain}`;
  await client.call('domain.create', { body: { name: domain } });
  await client.call('record.create', { body: { fqdn: probe, type: 'TXT', data: 'probe' } });
  await untilAnswered(clients.dns, probe, 'probe');
  const load = startLoad({ client, dns: clients.dns, domain, probe, writesPerSecond, firstNumber: 0 });
  return { load, probes: await startProbes(clients, round, order.isPool) };
}

interface FaultCase {
  readonly order: FaultOrder;
  readonly clients: Clients;
  readonly load: Load;
  readonly probes: Probes;
  readonly target: Target;
  readonly kind: FaultKind;
  readonly round: number;
  readonly phase: number;
}

async function oneFault(one: FaultCase): Promise<FaultResult> {
  const { order, load, probes, target, kind, round, phase } = one;
  await pause(phase);
  const base = { round, target: target.name, kind };
  const gaps = () => {
    const [{ write: writeGap, dns: dnsGap }, { dhcp: dhcpGap, proxy: proxyGap }] = [load.gaps(), probes.gaps()];
    return { writeGap, dnsGap, dhcpGap, proxyGap };
  };
  load.mark();
  probes.mark();
  const pid = await pidOf(order.layout, target);
  if (pid === null) return { ...base, ...gaps(), recovered: null, why: `${target.unit} did not run before the fault` };
  const started = performance.now();
  await inject(order.layout, pid, kind);
  let why = 'nothing was seen';
  while (performance.now() - started < DEADLINE_MS) {
    why = (await unwell(one, pid, started)) ?? '';
    if (why === '') return { ...base, ...gaps(), recovered: performance.now() - started, why };
    await pause(200);
  }
  return { ...base, ...gaps(), recovered: null, why };
}

/** What is still wrong; null when all is well again. */
async function unwell(one: FaultCase, pid: number, started: number): Promise<string | null> {
  const { order, clients, load, probes, target, kind } = one;
  try {
    const state = await stateOf(order.layout, pid);
    if (state === 'T') return `${target.name} is still frozen`;
    const now = await pidOf(order.layout, target);
    if (now === pid && kind === 'kill') return `${target.name} has not ended yet`;
    // A connection's backend comes back when somebody connects.
    if (now === null && target.child === undefined) return `${target.unit} has no process`;
    const status = (await order.client.call('status.show', {})).body;
    if (status.state !== 'ok') return `status: ${status.summary}`;
    // One write that was sent after the fault, the whole way: acknowledged, published, applied, answered.
    const since = load.acknowledged.find((write) => write.sentAt > started);
    if (!since) return 'no write that was sent after the fault is acknowledged';
    const newest = load.acknowledged.at(-1);
    if (newest && performance.now() - newest.at > 1000) return 'no write was acknowledged in the last second';
    const missing = probes.missing();
    if (missing !== null) return missing;
    const answer = await clients.dns.ask(since.fqdn, 'TXT', 500);
    if (!answer.data.includes(since.data)) return `DNS does not answer ${since.fqdn} (${answer.rcode})`;
    const failed = (
      await inHost(order.layout, ['systemctl', 'list-units', '--failed', '--no-legend', '--plain'])
    ).trim();
    return failed === '' ? null : `failed units: ${failed.split('\n').join('; ')}`;
  } catch (error) {
    return sentenceOf(error);
  }
}

/** The report on one screen. */
export function reportText(report: FaultReport): string {
  const rows = TARGETS.flatMap(({ name }) => (['kill', 'stop'] as const).map((kind) => ({ name, kind }))).flatMap(
    ({ name, kind }) => {
      const of = report.results.filter((result) => result.target === name && result.kind === kind);
      if (of.length === 0) return [];
      const worst = (pick: (result: FaultResult) => number) =>
        (Math.max(...of.map(pick)) / 1000).toFixed(1).padStart(6);
      const back = of.filter((result) => result.recovered !== null).length;
      return [
        `${name.padEnd(22)} ${kind}  ${back}/${of.length} back, worst: well after ${worst((item) => item.recovered ?? DEADLINE_MS)} s, gaps: write ${worst((item) => item.writeGap)} s, DNS ${worst((item) => item.dnsGap)} s, DHCP ${worst((item) => item.dhcpGap)} s, proxy ${worst((item) => item.proxyGap)} s`,
      ];
    },
  );
  const { acknowledged, missing, twice, unanswered, failures, leases } = report;
  return [
    ...rows,
    `seed ${report.seed}: ${acknowledged} acknowledged, ${missing.length} missing, ${twice.length} twice, ${unanswered.length} not answered by DNS, ${failures.length} refused`,
    `leases: ${leases.acknowledged} acknowledged, ${leases.doubled.length} held by two, ${leases.lost.length} lost, ${leases.strange.length} of no pool`,
  ].join('\n');
}

function line(result: FaultResult): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const verdict = result.recovered === null ? `NOT WELL: ${result.why}` : `well after ${seconds(result.recovered)} s`;
  return `round ${result.round} ${result.kind} ${result.target.padEnd(22)} ${verdict}, gaps: write ${seconds(result.writeGap)} s, DNS ${seconds(result.dnsGap)} s, DHCP ${seconds(result.dhcpGap)} s, proxy ${seconds(result.proxyGap)} s`;
}

function faultsOf(targets: readonly Target[]): { target: Target; kind: FaultKind }[] {
  return targets.flatMap((target) => [
    { target, kind: 'kill' as const },
    { target, kind: 'stop' as const },
  ]);
}
