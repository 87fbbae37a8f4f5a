import type { Desired, Observation } from '../contract/cluster/agent.ts';
import type { RegisterRequest } from '../contract/cluster/registration.ts';
import type { Journal } from '../host/observe/journal.ts';
import type { DurableText, Host } from '../host/interface.ts';
import { type MemoryStore, type Timing, TIMING } from '../reconcile/ports.ts';
import { openGate } from '../reconcile/gate.ts';
import type { AnyService, RoleChange, Templates } from '../services/kit/contract.ts';
import { absentOf } from './accept.ts';
import { openBoot } from './boot/boot.ts';
import { askToEnlist } from './boot/enlist.ts';
import { watchBootLogs } from './boot/logs.ts';
import { openBootSteps } from './boot/steps.ts';
import { openAppliedStore } from './ledger/applied-store.ts';
import type { RegionChannel } from './channel/channel.ts';
import { type AskChanges, type DriftWatch, openDriftWatch } from './drift.ts';
import { type Commands, openCommands } from './commands/commands.ts';
import { openCommandNote } from './commands/note.ts';
import type { CommandRunners } from './commands/runner.ts';
import { type Driver, openDriver } from './driver.ts';
import { type Findings, openFindings } from './findings.ts';
import { watchAllLeases } from './leases/leases.ts';
import { type Ledger, openLedger } from './ledger/ledger.ts';
import { openLimits } from './limits.ts';
import { openLink } from './link.ts';
import { type Membership, openMembership } from './membership.ts';
import { openNodeFacts } from './self/node-facts.ts';
import type { LoopPorts } from './ports.ts';
import { pullForever } from './pull.ts';
import { openReporter } from './report.ts';
import { openSelf, type SelfPorts, watchOwnRestart } from './self/self.ts';
import { inTurn } from './self/turn.ts';
import { wireFacts, wireReport } from './wire.ts';

/** What an agent is built from. `text`: a durable text in its state folder, by name. `rack`: announces this host as a rack; null: it is none. */
export interface AgentOptions {
  readonly ports: LoopPorts;
  readonly nodeId: string;
  readonly version: string;
  readonly host: Host;
  readonly channel: RegionChannel;
  /** `isNode`: this host is also a region node, whatever happens to the rack. */
  readonly rack: (RegisterRequest & { readonly isNode: boolean }) | null;
  readonly services: readonly AnyService[];
  readonly templates: Templates;
  readonly timing?: Timing;
  /** Daemons' checkers that run at once. */
  readonly checkers: number;
  /** Pause between two probes, and between two reports without a change; ms. */
  readonly tickMs?: number;
  /** Reports files that somebody else changed; left out: they are only compared once a minute. */
  readonly changes?: AskChanges;
  readonly reportMs?: number;
  /** Pause between two checks of leases, ms. */
  readonly leasesMs?: number;
  /** The one-time commands that this node can run, by kind; left out: none. */
  readonly runners?: CommandRunners;
  readonly text: (name: string) => DurableText;
  /** Where machines ask what to boot; left out: the port that DHCP gives them. */
  readonly bootPort?: number;
  /** The journal with the daemons' lines about machines that boot; left out: nobody reads them. */
  readonly journal?: Journal;
  /** Ends this process in order, so that systemd starts it again; left out: nobody may request that. */
  readonly endForRestart?: () => void;
  /** What makes this node one of a cluster; left out if there is none. */
  readonly self?: SelfPorts;
}

/** A running agent. */
export interface Agent {
  setRoles(roles: readonly RoleChange[]): void;
  /** Ends the loops; a run of the engine that is at work gets a moment, and ends right later if that was too short. */
  stop(): Promise<void>;
}

const TICK_MS = 2_000;
const REPORT_MS = 10_000;
const LEASES_MS = 1_000;
const STOP_MS = 5_000;

/** Starts the agent: the state in the ledger is applied before the first call to a region. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { ports, nodeId, host } = options;
  const { clock, log } = ports;
  const since = new Date(clock.now()).toISOString();
  const findings = openFindings(clock, log);
  const ledger = await openLedger({ text: options.text('ledger.json'), nodeId, findings, clock });
  const memory = await openAppliedStore({ text: options.text, findings, clock });
  const versions = Object.fromEntries(options.services.map((service) => [service.name, service.version]));
  // A VLAN is served by who stands on it: the region learns of an address at once.
  const onFacts = () => {
    driver.wake();
    reporter.changed();
  };
  const facts = openNodeFacts({ ports, host, versions, onChange: onFacts });
  const membership =
    options.rack && memberOf(options, options.rack, { findings, ledger, onAbsent: (desired) => driver.want(desired) });
  const channel = membership?.channel ?? options.channel;
  const link = openLink({ clock, log, findings, onBack: () => reporter.changed() });
  const { driver, drift } = openWork(options, { findings, memory, facts, onNews: () => reporter.changed() });
  const limits = openLimits(options.services, findings);
  const observe = (): Observation => {
    limits.update(ledger.held(), facts.current());
    drift.expire();
    return {
      nodeId,
      generation: ledger.held()?.generation ?? 0,
      digest: ledger.held()?.digest ?? '',
      agentVersion: options.version,
      agentSince: since,
      staleSince: link.staleSince(),
      facts: wireFacts(facts.current()),
      services: driver.reports().map((report) => wireReport(report, findings)),
      findings: [...findings.all()],
      ...self?.observe(),
    };
  };
  const reporter = openReporter({ ports, channel, link, everyMs: options.reportMs ?? REPORT_MS, observe });
  const self = options.self && openSelf({ options, ports: options.self, channel, ledger, findings, driver, reporter });
  const held = ledger.held();
  if (held) channel.setRegions(held.body.regions ?? []);
  await self?.prepare();
  if (held) driver.want(held);
  log.info('agent starts', { generation: held?.generation ?? 0 });

  const stopping = new AbortController();
  const heed = watchOwnRestart(held, (nonce) => {
    log.info('the agent restarts: requested by an operator', { nonce });
    options.endForRestart?.();
  });
  const onDesired = (desired: Parameters<typeof driver.want>[0]) => {
    log.info('a new desired state is in force', { generation: desired.generation, revision: desired.revision });
    channel.setRegions(desired.body.regions ?? []);
    driver.want(desired);
    reporter.changed();
    heed(desired);
  };
  const commands = await commandsOf(options, channel, findings);
  const pull = { ports, channel, ledger, findings, link, nodeId, commands, onDesired };
  const loops = [
    facts.run(stopping.signal),
    driver.run(stopping.signal),
    drift.run(stopping.signal),
    pullForever(pull, stopping.signal),
    reporter.run(stopping.signal),
    ...bootLoops(options, channel, { findings, ledger, facts })(stopping.signal),
    ...(commands ? [commands.run(stopping.signal)] : []),
    ...(membership ? [membership.run(stopping.signal)] : []),
    ...(self?.run(stopping.signal) ?? []),
    watchAllLeases(
      { ports, host, channel, findings, ledger, services: options.services, everyMs: options.leasesMs ?? LEASES_MS },
      stopping.signal,
    ),
  ];
  return {
    setRoles: (roles) => driver.setRoles(roles),
    stop: async () => {
      stopping.abort();
      channel.close();
      await Promise.race([Promise.all(loops), ports.wait(STOP_MS)]);
    },
  };
}

interface BootParts {
  readonly findings: Findings;
  readonly ledger: Ledger;
  readonly facts: Pick<ReturnType<typeof openNodeFacts>, 'current'>;
}

/** The loops of a rack that machines boot from: they answer machines and report their steps. */
function bootLoops(options: AgentOptions, channel: RegionChannel, { findings, ledger, facts }: BootParts) {
  const { ports, templates, bootPort, journal } = options;
  const steps = openBootSteps({ ports, channel, findings, epoch: ports.random.hex(16) });
  const boot = openBoot({
    ports,
    findings,
    templates,
    held: () => ledger.held(),
    facts: () => facts.current(),
    enlist: askToEnlist(channel),
    onAnswer: (answer) => steps.onAnswer(answer),
    ...(bootPort === undefined ? {} : { port: bootPort }),
  });
  return (signal: AbortSignal): readonly Promise<void>[] => [
    boot.run(signal),
    steps.run(signal),
    ...(journal ? [watchBootLogs({ ports, journal, findings, steps }, signal)] : []),
  ];
}

/** The one-time commands of this node; null: none. */
async function commandsOf(options: AgentOptions, channel: RegionChannel, findings: Findings): Promise<Commands | null> {
  const { ports, runners, text } = options;
  if (runners === undefined) return null;
  const note = await openCommandNote({ text: text('commands.json'), findings, clock: ports.clock });
  return openCommands({ ports, channel, runners, note });
}

interface WorkParts {
  readonly findings: Findings;
  readonly memory: MemoryStore;
  readonly facts: Pick<ReturnType<typeof openNodeFacts>, 'current'>;
  /** Something is worth a report. */
  readonly onNews: () => void;
}

/** The services' engines, and the watch over their files. */
function openWork(options: AgentOptions, { findings, memory, facts, onNews }: WorkParts) {
  const { ports, host, services, templates } = options;
  const { clock, random, log } = ports;
  const drift: DriftWatch = openDriftWatch({
    ports,
    services,
    findings,
    changes: options.changes ?? null,
    compare: (service) => driver.compare(service),
    onFinding: onNews,
  });
  const onDrift = (service: string, paths: readonly string[]) => drift.note(service, paths);
  const engine = { host, clock, random, log, memory, templates, timing: options.timing ?? TIMING, onDrift };
  const checking = openGate(options.checkers);
  const atOnce = openDriver({
    ports,
    engine: { ...engine, checking, wait: (ms) => ports.wait(ms) },
    services,
    tickMs: options.tickMs ?? TICK_MS,
    facts: () => facts.current(),
    onReport: onNews,
  });
  const driver: Driver = inTurn(atOnce, ports);
  return { driver, drift };
}

interface MemberParts {
  readonly findings: Findings;
  readonly ledger: Ledger;
  readonly onAbsent: (desired: Desired) => void;
}

/** A rejected rack gives up all that the region gave it, for good: the ledger says so before anything is removed. */
function memberOf(options: AgentOptions, rack: NonNullable<AgentOptions['rack']>, parts: MemberParts): Membership {
  const { ports, channel } = options;
  const { findings, ledger, onAbsent } = parts;
  const { isNode, ...request } = rack;
  const onRejected = async () => {
    const held = ledger.held();
    const absent = held && absentOf(held);
    if (!absent || absent.digest === held.digest) return;
    ports.log.warn('the rack was rejected: its services are removed', { generation: held.generation });
    await ledger.accept(absent);
    onAbsent(absent);
  };
  // A certificate says that a region has let this host in.
  const isTrusting = ledger.held() !== null || options.self?.trust.current() != null;
  return openMembership({ ports, channel, findings, rack: request, isNode, isTrusting, onRejected });
}
