import { Check } from 'typebox/value';
import { RegisterAnswer, type RegisterRequest } from '../contract/cluster/registration.ts';
import { backOffMs } from '../core/back-off.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { RegionChannel } from './channel/channel.ts';
import type { Findings } from './findings.ts';
import { type LoopPorts, openWakeSignal } from './ports.ts';

/**
 * What membership is built from. `isNode`: this host is a node by its credential, whatever becomes of its rack. `isTrusting`: something of
 * the region is in force already, so it goes on until the region says otherwise. `onRejected`: the region's configuration is to be given up.
 */
export interface MembershipOptions {
  readonly ports: LoopPorts;
  readonly channel: RegionChannel;
  readonly findings: Findings;
  readonly rack: RegisterRequest;
  readonly isNode: boolean;
  readonly isTrusting: boolean;
  readonly onRejected: () => Promise<void>;
}

/** Whether this host's rack is one of the region's. */
export interface Membership {
  /** The channel, whose calls wait while this host is no node, and query the rack's state again when they are denied. */
  readonly channel: RegionChannel;
  /** Registers for ever: at the start, until it is decided, after every denial, and every few minutes. */
  run(signal: AbortSignal): Promise<void>;
}

type MembershipState = RegisterAnswer['state'] | 'unknown';

/** Until the next registration, ms. */
const PAUSE_MS = { accepted: 300_000, rejected: 60_000 } as const;
const WAITING = { firstMs: 5_000, mostMs: 30_000 } as const;
const AWAY = { firstMs: 500, mostMs: 15_000 } as const;
const REFUSED = { firstMs: 5_000, mostMs: 60_000 } as const;
/** Minimum time between two queries after denials. */
const DOUBT_MS = 1_000;
/** How long a call waits before it goes home with nothing; shorter than any loop's silence. */
const HOLD_MS = 15_000;
const SILENCE_MS = 600_000;
const CODES = ['rack_waiting', 'rack_rejected', 'rack_refused'] as const;

/** Opens membership; it sends no request before `run`. */
export function openMembership(options: MembershipOptions): Membership {
  const { ports, channel, findings, rack, isNode } = options;
  const wakeSignal = openWakeSignal(ports);
  const entry = openEntry(ports);
  let state: MembershipState = 'unknown';
  let attempts = 0;

  const isMember = () => isNode || state === 'accepted' || (state === 'unknown' && options.isTrusting);

  const learn = async (answer: RegisterAnswer) => {
    attempts = answer.state === state ? attempts + 1 : 0;
    if (answer.state !== state)
      ports.log.info('the rack has a new state', { state: answer.state, uuid: rack.uuid, why: answer.why });
    state = answer.state;
    for (const code of CODES) if (code !== `rack_${state}`) findings.clear(code);
    if (state !== 'accepted') findings.raise(`rack_${state}`, `The rack ${rack.uuid} is ${state}: ${answer.why}`);
    if (state === 'rejected' && !isNode) await options.onRejected();
    if (isMember()) entry.open();
  };

  /** One registration; gives the pause until the next, ms. */
  const announce = async (): Promise<number> => {
    try {
      const answer = await channel.register(rack);
      if (!Check(RegisterAnswer, answer))
        throw new AppError('region_refused', 'the answer does not fit the agent protocol');
      await learn(answer);
      if (answer.state === 'waiting') return backOffMs(attempts, WAITING, ports.random);
      return PAUSE_MS[answer.state] * (0.8 + 0.4 * ports.random.fraction());
    } catch (error) {
      attempts += 1;
      const isAway = !(error instanceof AppError) || error.code === 'region_unreachable';
      if (!isAway) findings.raise('rack_refused', `The rack ${rack.uuid} cannot register: ${sentenceOf(error)}`);
      return backOffMs(Math.min(attempts, 10), isAway ? AWAY : REFUSED, ports.random);
    }
  };

  /** A call of the channel: not before this host is a node. Null: it is none. A denial causes a query of the rack's state. */
  const admitted = async <T>(call: () => Promise<T>): Promise<T | null> => {
    if (!isMember()) await entry.hold();
    if (!isMember() && state === 'unknown') throw new AppError('region_unreachable', 'the rack could not register yet');
    if (!isMember()) return null;
    try {
      return await call();
    } catch (error) {
      if (error instanceof AppError && error.code === 'region_denied' && !isNode) {
        if (state === 'accepted') state = 'unknown';
        wakeSignal.raise();
      }
      throw error;
    }
  };

  return {
    channel: gated(channel, admitted, () => entry.close()),
    run: async (signal) => {
      const beat = ports.loop('register', SILENCE_MS);
      while (!signal.aborted) {
        const pause = await announce();
        beat();
        await ports.wait(DOUBT_MS, signal);
        await wakeSignal.wait(pause, signal);
        beat();
      }
      beat.end();
    },
  };
}

/** The channel behind `admitted`; a registration goes through as it is. */
function gated(
  channel: RegionChannel,
  admitted: <T>(call: () => Promise<T>) => Promise<T | null>,
  onClose: () => void,
): RegionChannel {
  const whenMember = async <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = await admitted(ask);
    if (answer === null) throw new AppError('region_unreachable', 'the rack is not accepted');
    return answer;
  };
  return {
    pull: (query) => admitted(() => channel.pull(query)),
    parts: (question) => admitted(() => channel.parts(question)),
    report: async (observation) => {
      await admitted(() => channel.report(observation));
    },
    leases: (report) => whenMember(() => channel.leases(report)),
    bootSteps: (report) => whenMember(() => channel.bootSteps(report)),
    claim: (request) => whenMember(() => channel.claim(request)),
    endCommand: (id, report) => whenMember(() => channel.endCommand(id, report)),
    enlist: (question, signal) => whenMember(() => channel.enlist(question, signal)),
    certify: (csr) => whenMember(() => channel.certify(csr)),
    pairCertificate: (csr) => whenMember(() => channel.pairCertificate(csr)),
    siteCertificate: () => whenMember(() => channel.siteCertificate()),
    register: (request) => channel.register(request),
    setRegions: (regions) => channel.setRegions(regions),
    close: () => {
      onClose();
      channel.close();
    },
  };
}

/** Where calls wait: `hold` returns when it is opened, after a time, or at the end. */
function openEntry(ports: Pick<LoopPorts, 'wait'>) {
  const closing = new AbortController();
  const waiters = new Set<AbortController>();
  return {
    hold: async (): Promise<void> => {
      const waiter = new AbortController();
      waiters.add(waiter);
      await ports.wait(HOLD_MS, AbortSignal.any([closing.signal, waiter.signal]));
      waiters.delete(waiter);
    },
    open: (): void => {
      for (const waiter of waiters) waiter.abort();
    },
    close: (): void => closing.abort(),
  };
}
