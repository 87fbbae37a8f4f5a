import type { Desired } from '../contract/cluster/agent.ts';
import { sentenceOf } from '../core/errors.ts';
import type { HostFacts } from '../core/host-values.ts';
import { keyOf, kindOf } from '../core/node-identity.ts';
import { digestOf, stableJson } from '../core/stable-json.ts';
import { openEngine, type ServiceEngine } from '../reconcile/engine.ts';
import { type Gate, openGate } from '../reconcile/gate.ts';
import type { EnginePorts } from '../reconcile/ports.ts';
import type { ServiceReport, DesiredService } from '../reconcile/values.ts';
import type { AnyService, RoleChange } from '../services/kit/contract.ts';
import { serviceOf, withInstances } from '../services/kit/instances.ts';
import { type WakeSignal, type LoopPorts, openWakeSignal } from './ports.ts';

/** Drives the engines: one loop per service, so that none waits for another. */
export interface Driver {
  /** Takes a desired state; the services' loops see to it at once. */
  want(desired: Desired): void;
  /** The node's roles changed. */
  setRoles(roles: readonly RoleChange[]): void;
  /** What names the node's certificate changed: it was renewed. */
  setCertificate(name: string | null): void;
  /** What names the site's certificate changed ('' for none): only services that show it are notified. */
  setSite(name: string): void;
  /** What names the certificate of the rack's DHCP servers for their partners changed: it was renewed. */
  setPair(name: string): void;
  /** Something that the services see changed (facts). */
  wake(): void;
  /** Somebody may have changed a service's files: they are compared at once. */
  compare(service: string): void;
  reports(): readonly ServiceReport[];
  /** Time since the last probe of each service, ms. */
  ages(): Readonly<Record<string, number>>;
  run(signal: AbortSignal): Promise<void>;
}

/** What the driver is built from. `onReport`: a service's report differs from its last one. */
export interface DriverOptions {
  readonly ports: LoopPorts;
  readonly engine: EnginePorts;
  readonly services: readonly AnyService[];
  /** Pause between two probes of a service. */
  readonly tickMs: number;
  facts(): HostFacts | null;
  readonly onReport: () => void;
}

/** Services that are worked on at once: checkers and daemons share the host's processors with everything else. */
const AT_ONCE = 4;
/** Longest run: install, forced restart and rollback, each with its full time, and the wait for a place. */
const SILENCE_MS = 300_000;
const JITTER = 0.2;
const LONG_MS = 500;
const REST_MAX_MS = 10_000;
/** Pause before the next question to a daemon that was silent, or is starting. */
const UNSETTLED_MS = 500;
/** An unwanted service has no daemon to ask. This checks whether somebody started it by hand. */
const ABSENT_MS = 30_000;

/** Opens the driver; nothing happens before `run`. */
export function openDriver(options: DriverOptions): Driver {
  const { memory } = options.engine;
  const wakeSignals = new Map<string, WakeSignal>();
  const loops = new Map<string, Promise<void>>();
  /** Instances came or went. */
  const news = openWakeSignal(options.ports);
  const reports = new Map<string, ServiceReport>();
  const probedAt = new Map<string, number>();
  const suspected = new Set<string>();
  const gate = openGate(AT_ONCE);
  const startedAt = new Date(options.ports.clock.now()).toISOString();
  let desired: Desired | null = null;
  let wanted: ReadonlyMap<string, DesiredService> = new Map();
  let node: NodeInputs = { roles: [], certificate: null, site: null, pair: null };

  const wakeAll = () => {
    for (const wakeSignal of wakeSignals.values()) wakeSignal.raise();
  };
  const derive = () => {
    wanted = wantedOf(desired, (name) => nodeInputsOf(options.services, name, node), [
      ...memory.known(),
      ...loops.keys(),
    ]);
    for (const name of reports.keys()) if (!wanted.has(name)) reports.delete(name);
    for (const [name, part] of wanted) {
      if (!serviceOf(options.services, name)) reports.set(name, unknownReport(name, part, startedAt));
      // The region takes a service that is not named for one that is gone: after a start it must be checked first.
      else if (keyOf(name) !== null && part.desired === null && !reports.has(name))
        reports.set(name, leavingReport(name, part, startedAt));
    }
    wakeAll();
    news.raise();
  };
  const updateNode = (news: Partial<NodeInputs>) => {
    node = { ...node, ...news };
    derive();
  };
  const note = (report: ServiceReport, at?: number) => {
    if (at !== undefined) probedAt.set(report.service, at);
    const before = reports.get(report.service);
    if (!wanted.has(report.service)) return;
    reports.set(report.service, report);
    if (!before || isNews(before, report)) options.onReport();
  };

  return {
    want: (next) => {
      desired = next;
      derive();
    },
    setRoles: (roles) => updateNode({ roles }),
    setCertificate: (certificate) => updateNode({ certificate }),
    setSite: (site) => updateNode({ site }),
    setPair: (pair) => updateNode({ pair }),
    wake: wakeAll,
    compare: (service) => {
      suspected.add(service);
      wakeSignals.get(service)?.raise();
    },
    reports: () => Array.from(reports.values()).sort((a, b) => (a.service < b.service ? -1 : 1)),
    ages: () => {
      const now = options.ports.clock.monotonic();
      return Object.fromEntries([...probedAt].map(([name, at]) => [name, Math.max(0, Math.round(now - at))]));
    },
    run: (signal) => {
      const keep = async (service: AnyService, wakeSignal: WakeSignal) => {
        const { name } = service;
        wakeSignals.set(name, wakeSignal);
        const engine = await openEngine(service, options.engine);
        const desiredNow = () => wanted.get(name);
        await keepService({ options, service, engine, wakeSignal, gate, desiredNow, note, suspected }, signal);
        if (!signal.aborted) await memory.forget(name).catch((error: unknown) => warnOf(options, name, error));
        for (const known of [loops, wakeSignals, reports, probedAt]) known.delete(name);
        derive();
      };
      // An instance that is not wanted and has left nothing behind needs no loop.
      const isDue = (name: string) =>
        !loops.has(name) &&
        (keyOf(name) === null || wanted.get(name)?.desired != null || memory.known().includes(name));
      const due = () => withInstances(options.services, wanted.keys()).filter(({ name }) => isDue(name));
      return runLoops({ ports: options.ports, loops, news, due, keep }, signal);
    },
  };
}

interface Loops {
  readonly ports: LoopPorts;
  readonly loops: Map<string, Promise<void>>;
  /** Instances came or went. */
  readonly news: WakeSignal;
  /** Services that need a loop and have none. */
  readonly due: () => readonly AnyService[];
  readonly keep: (service: AnyService, wakeSignal: WakeSignal) => Promise<void>;
}

/** Starts a loop for each service that needs one, until the signal ends it. Throws what a loop throws. */
async function runLoops({ ports, loops, news, due, keep }: Loops, signal: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => {
    failures.push(error);
    news.raise();
  };
  while (!signal.aborted && failures.length === 0) {
    for (const service of due()) loops.set(service.name, keep(service, openWakeSignal(ports)).catch(onFailure));
    await news.wait(REST_MAX_MS, signal);
  }
  if (failures.length > 0) throw failures[0];
  await Promise.all(loops.values());
}

function warnOf({ ports }: DriverOptions, service: string, error: unknown): void {
  ports.log.warn('the memory of a removed service could not be deleted', { service, error: sentenceOf(error) });
}

interface ServiceLoop {
  readonly options: DriverOptions;
  readonly service: AnyService;
  readonly engine: ServiceEngine;
  readonly wakeSignal: WakeSignal;
  readonly gate: Gate;
  readonly desiredNow: () => DesiredService | undefined;
  /** Services whose files somebody may have changed. */
  readonly suspected: Set<string>;
  /** `at`: monotonic time of the probe; left out: there was none. */
  readonly note: (report: ServiceReport, at?: number) => void;
}

/**
 * The loop of one service: a run for each change of its desired state, and one each tick. An unchanged desired state is taken at once and delays no run, so
 * that a steady stream of them costs no questions, and hides none. It ends when an instance is gone that is not wanted any more.
 */
async function keepService(
  { options, service, engine, wakeSignal, gate, desiredNow, note, suspected }: ServiceLoop,
  signal: AbortSignal,
) {
  const { clock, random } = options.ports;
  const beat = options.ports.loop(`service ${service.name}`, SILENCE_MS);
  const timed = async (wanted: DesiredService, facts: HostFacts) => {
    const start = clock.monotonic();
    const report = await engine.run(wanted, facts);
    return { report, start, tookMs: clock.monotonic() - start };
  };
  let last: ServiceReport | undefined;
  let dueAt = clock.monotonic();
  const isGone = () =>
    keyOf(service.name) !== null && last?.state === 'absent' && (desiredNow()?.desired ?? null) === null;
  while (!signal.aborted) {
    const wanted = desiredNow();
    const facts = options.facts();
    if (suspected.delete(service.name)) engine.suspect();
    const taken = wanted && facts && engine.take(wanted, facts);
    if (taken) note(taken);
    if (!taken || clock.monotonic() >= dueAt) {
      if (wanted && facts) {
        const { report, start, tookMs } = await gate(() => timed(wanted, facts));
        note(report, start);
        beat();
        await options.ports.wait(restMs(last, report, tookMs), signal);
        last = report;
      }
      const tickMs = service.probeEveryMs ?? options.tickMs;
      const calmMs = last?.state === 'absent' ? ABSENT_MS : tickMs;
      const pauseMs = engine.isUnsettled() ? Math.min(UNSETTLED_MS, tickMs) : calmMs;
      dueAt = clock.monotonic() + pauseMs * (1 - JITTER / 2 + random.fraction() * JITTER);
    }
    beat();
    if (isGone()) break;
    await wakeSignal.wait(Math.max(0, dueAt - clock.monotonic()), signal);
  }
  beat.end();
}

/** Is it worth a report at once? Its metrics, and numbers among a daemon's facts (lag, offset, sizes), differ at every probe: they go with the next report. */
export function isNews(before: ServiceReport, after: ServiceReport): boolean {
  const comparable = (report: ServiceReport) =>
    stableJson({ ...report, facts: withoutNumbers(report.facts), metrics: null });
  return comparable(before) !== comparable(after);
}

function withoutNumbers(value: unknown): unknown {
  if (typeof value === 'number') return 0;
  if (Array.isArray(value)) return value.map(withoutNumbers);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutNumbers(item)]));
}

/**
 * A change that takes long (Kea opens the sockets of two hundred VLANs; a host has little processor to spare) is followed by as long a rest: under
 * writes without an end the daemon serves at least half of the time, and takes many of them at once.
 */
export function restMs(before: ServiceReport | undefined, after: ServiceReport, tookMs: number): number {
  const hasActed = after.lastAction !== null && after.lastAction.at !== before?.lastAction?.at;
  return hasActed && after.state === 'healthy' && tookMs > LONG_MS ? Math.min(tookMs, REST_MAX_MS) : 0;
}

/** What services receive about the node. */
type NodeInputs = Required<Pick<DesiredService, 'roles' | 'certificate' | 'site' | 'pair'>>;

function nodeInputsOf(
  services: readonly AnyService[],
  name: string,
  { site, pair, ...rest }: NodeInputs,
): Omit<NodeInputs, 'site' | 'pair'> & Partial<NodeInputs> {
  const service = serviceOf(services, name);
  return { ...rest, ...(service?.onSiteCertificate ? { site } : {}), ...(service?.onPairCertificate ? { pair } : {}) };
}

/** `known`: identities that there may be something of. Instances among them that are not named, of a kind that is, are to go. */
function wantedOf(
  desired: Desired | null,
  inputsOf: (name: string) => Pick<DesiredService, 'roles' | 'certificate' | 'site' | 'pair'>,
  known: readonly string[],
): ReadonlyMap<string, DesiredService> {
  const services = desired?.body.services ?? {};
  const isLeft = (name: string) => keyOf(name) !== null && !(name in services) && kindOf(name) in services;
  const left = known.filter(isLeft).map((name) => [name, { desired: null, restart: null }] as const);
  const generation = desired?.generation ?? 0;
  return new Map(
    [...Object.entries(services), ...left].map(([name, part]) => [
      name,
      { ...part, generation, digest: digestOf(part.desired), ...inputsOf(name) },
    ]),
  );
}

function unknownReport(service: string, part: DesiredService, since: string): ServiceReport {
  return unseen(service, part, {
    since,
    why: 'The agent on this node does not know this service: the agent is older than the region. Update this host.',
  });
}

function leavingReport(service: string, part: DesiredService, since: string): ServiceReport {
  return unseen(service, part, { since, why: 'This node no longer runs the service; it is about to be stopped.' });
}

function unseen(
  service: string,
  part: DesiredService,
  { since, why }: { readonly since: string; readonly why: string },
): ServiceReport {
  const nothing = { applied: null, appliedDigest: '', lastAction: null, restartDone: null };
  const { generation: wanted, digest: wantedDigest } = part;
  return { service, wanted, wantedDigest, ...nothing, state: 'unknown', since, why };
}
