import type { LeaseReport } from '../../contract/cluster/agent.ts';
import { backOffMs } from '../../core/back-off.ts';
import { AppError, isRejected, type Rejected, sentenceOf } from '../../core/errors.ts';
import { keyOf } from '../../core/node-identity.ts';
import type { Host } from '../../host/interface.ts';
import type { AnyService, LeasePage, LeaseSource } from '../../services/kit/contract.ts';
import { withInstances } from '../../services/kit/instances.ts';
import type { RegionChannel } from '../channel/channel.ts';
import type { Findings } from '../findings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type LeaseMemory, openLeaseMemory } from './lease-walk.ts';
import type { Beat, LoopPorts } from '../ports.ts';

/** What watching leases is built from. `isWanted`: the daemon is to run here. `everyMs`: pause between two checks. */
export interface LeaseWatchOptions {
  /** Identity of the service. */
  readonly service: string;
  readonly ports: LoopPorts;
  readonly host: Pick<Host, 'exec'>;
  readonly channel: Pick<RegionChannel, 'leases'>;
  readonly findings: Findings;
  readonly source: LeaseSource;
  readonly everyMs: number;
  isWanted(): boolean;
}

/** Most leases that are reported; each costs some memory here, and a walk over all of them its time. */
const LEASES_MAX = 100_000;
/** Without any sign all leases are compared this often: some change without a client's packet. */
const WALK_MS = 60_000;
/** All leases are sent again at this interval, so that no missed change stays. */
const WHOLE_MS = 600_000;
/** After work follows a rest of so many times its length: a walk over very many leases costs a bounded share of the daemon's time. */
const REST = 5;
const JITTER = 0.2;
const BACK_OFF = { firstMs: 500, mostMs: 5_000 } as const;
const SILENCE_MS = 120_000;
const codesOf = (service: string) => {
  const key = keyOf(service);
  const of = key === null ? '' : `@${key}`;
  return { tooMany: `leases_too_many${of}`, unread: `leases_unread${of}` };
};
/** A daemon that restarts is away for a moment: that is nothing to log, and for longer nothing to raise. */
const WARN_AFTER = 3;
const UNREAD_AFTER = 6;

/**
 * Reports to the region the leases of this node's DHCP server. It checks a sign of the daemon every second; when the sign changed, all
 * leases are compared with what the region knows and the differences are sent. After any failure the series of reports ends, and a new
 * one begins with everything: whatever was lost, the region has the truth again. Nothing is queued.
 */
export async function watchLeases(options: LeaseWatchOptions, signal: AbortSignal): Promise<void> {
  const { ports, findings } = options;
  const { unread } = codesOf(options.service);
  const beat = ports.loop(`leases of ${options.service}`, SILENCE_MS);
  let watch = openWatch(options, beat);
  let failures = 0;
  while (!signal.aborted) {
    const started = ports.clock.monotonic();
    let pauseMs = options.everyMs;
    try {
      if (options.isWanted()) await watch.check(signal);
      else watch = openWatch(options, beat);
      failures = 0;
      findings.clear(unread);
      pauseMs = Math.max(pauseMs, REST * (ports.clock.monotonic() - started));
    } catch (error) {
      if (signal.aborted) break;
      watch = openWatch(options, beat);
      failures += 1;
      if (failures === WARN_AFTER) ports.log.warn('leases could not be reported', { error: sentenceOf(error) });
      if (failures >= UNREAD_AFTER)
        findings.raise(unread, `This node cannot report its leases to the region: ${sentenceOf(error)}`);
      pauseMs = Math.max(pauseMs, backOffMs(failures - 1, BACK_OFF, ports.random));
    }
    beat();
    await ports.wait(pauseMs * (1 - JITTER / 2 + ports.random.fraction() * JITTER), signal);
  }
  beat.end();
}

/** What all watches share. `everyMs`: pause between two checks. */
export interface LeaseWatchesOptions extends Omit<LeaseWatchOptions, 'service' | 'source' | 'isWanted'> {
  readonly services: readonly AnyService[];
  readonly ledger: Pick<Ledger, 'held'>;
}

/** One watch for each service that gives addresses out, and for each of its instances while it is on this node; each works while its service is wanted. */
export async function watchAllLeases({ services, ledger, ...shared }: LeaseWatchesOptions, signal: AbortSignal) {
  const running = new Map<string, { readonly stop: () => void; readonly ended: Promise<void> }>();
  const { ports, findings } = shared;
  while (!signal.aborted) {
    const parts = ledger.held()?.body.services ?? {};
    const here = withInstances(services, Object.keys(parts)).filter((service) => service.leases !== undefined);
    for (const [name, { stop }] of running) {
      if (here.some((service) => service.name === name)) continue;
      stop();
      running.delete(name);
      for (const code of Object.values(codesOf(name))) findings.clear(code);
    }
    for (const { name, leases: source } of here) {
      if (running.has(name) || !source) continue;
      const ending = new AbortController();
      const isWanted = () => (ledger.held()?.body.services[name]?.desired ?? null) !== null;
      const ended = watchLeases(
        { ...shared, service: name, source, isWanted },
        AbortSignal.any([signal, ending.signal]),
      );
      running.set(name, { stop: () => ending.abort(), ended });
    }
    await ports.wait(shared.everyMs, signal);
  }
  await Promise.all([...running.values()].map(({ ended }) => ended));
}

type Watch = { check(signal: AbortSignal): Promise<void> };

/** One series of reports. It throws when it cannot go on; then it is over. */
function openWatch(options: LeaseWatchOptions, beat: Beat): Watch {
  const { ports, host, source } = options;
  const memory = openLeaseMemory();
  const send = openSeries(options);
  let sign: string | null = null;
  /** A packet is counted before its lease is written: after each changed sign the next check walks again. */
  let isSettled = false;
  let walkedAt = Number.NEGATIVE_INFINITY;
  let wholeAt = Number.NEGATIVE_INFINITY;

  return {
    check: async (signal) => {
      const now = ports.clock.monotonic();
      const seen = required(source.parseSign(await host.exec(source.sign))).sign;
      const isOther = seen !== sign;
      if (!isOther && isSettled && now - walkedAt < WALK_MS) return;
      const isWhole = now - wholeAt >= WHOLE_MS;
      await walk({ ...options, beat, memory, send }, isWhole, signal);
      // Only now: a walk that fails must not pass for one.
      if (isWhole) wholeAt = now;
      [sign, walkedAt, isSettled] = [seen, now, !isOther];
    },
  };
}

interface Walk extends LeaseWatchOptions {
  readonly beat: Beat;
  readonly memory: LeaseMemory;
  send(changes: Parameters<LeaseMemory['note']>[0]): Promise<void>;
}

async function walk(context: Walk, isWhole: boolean, signal: AbortSignal): Promise<void> {
  const { host, source, memory, findings } = context;
  memory.begin(isWhole);
  let after: string | null = null;
  let seen = 0;
  do {
    const page: LeasePage = required(source.parsePage(await host.exec(source.page(after))));
    seen += page.leases.length;
    for (const changes of memory.differ(page)) {
      signal.throwIfAborted();
      await context.send(changes);
      memory.note(changes);
      context.beat();
    }
    after = page.next;
  } while (after !== null && seen < LEASES_MAX);
  const { tooMany } = codesOf(context.service);
  if (after === null) findings.clear(tooMany);
  else findings.raise(tooMany, `This node has more than ${LEASES_MAX} leases; those after ${after} are not shown.`);
}

/** Numbers the reports of a series; every failure, and a region that misses one, throws. */
function openSeries({ ports, channel, service }: LeaseWatchOptions): Walk['send'] {
  const epoch = ports.random.hex(16);
  let sequence = 0;
  return async (changes) => {
    sequence += 1;
    const report: LeaseReport = { service, epoch, sequence, at: new Date(ports.clock.now()).toISOString(), ...changes };
    if ((await channel.leases(report)) === 'taken') return;
    throw new AppError('leases', 'the region misses an earlier report; all leases are sent again');
  };
}

function required<T>(value: T | Rejected): T {
  if (isRejected(value)) throw new AppError('leases', value.message);
  return value;
}
