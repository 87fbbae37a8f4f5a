import { Check } from 'typebox/value';
import { RegisterAnswer, type RegisterRequest } from '../contract/identity/registration.ts';
import { backOffMs } from '../core/back-off.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { RegionChannel } from './channel.ts';
import type { Findings } from './findings.ts';
import { type LoopPorts, openBell } from './ports.ts';

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
  /** The channel, whose calls wait while this host is no node, and ask for the rack's state anew when they are denied. */
  readonly channel: RegionChannel;
  /** Registers for ever: at the start, until it is decided, after every denial, and every few minutes. */
  run(signal: AbortSignal): Promise<void>;
}

type State = RegisterAnswer['state'] | 'unknown';

/** Until the next registration, ms. */
const PAUSE_MS = { accepted: 300_000, rejected: 60_000 } as const;
const WAITING = { firstMs: 5_000, mostMs: 30_000 } as const;
const AWAY = { firstMs: 500, mostMs: 15_000 } as const;
const REFUSED = { firstMs: 5_000, mostMs: 60_000 } as const;
/** A denial is asked about at most this often. */
const DOUBT_MS = 1_000;
/** How long a call waits before it goes home with nothing; shorter than any loop's silence. */
const HOLD_MS = 15_000;
const SILENCE_MS = 600_000;
const CODES = ['rack_waiting', 'rack_rejected', 'rack_refused'] as const;

/** Opens membership; nothing is asked before `run`. */
export function openMembership(options: MembershipOptions): Membership {
  const { ports, channel, findings, rack, isNode } = options;
  const bell = openBell(ports);
  const closing = new AbortController();
  const waiters = new Set<AbortController>();
  let state: State = 'unknown';
  let attempts = 0;

  const isMember = () => isNode || state === 'accepted' || (state === 'unknown' && options.isTrusting);

  const learn = async (answer: RegisterAnswer) => {
    attempts = answer.state === state ? attempts + 1 : 0;
    if (answer.state !== state) {
      ports.log.info('the rack has a new state', { state: answer.state, uuid: rack.uuid, why: answer.why });
    }
    state = answer.state;
    for (const code of CODES) if (code !== `rack_${state}`) findings.clear(code);
    if (state !== 'accepted') findings.raise(`rack_${state}`, `The rack ${rack.uuid} is ${state}: ${answer.why}`);
    if (state === 'rejected' && !isNode) await options.onRejected();
    if (isMember()) for (const waiter of waiters) waiter.abort();
  };

  /** One registration; gives the pause until the next, ms. */
  const announce = async (): Promise<number> => {
    try {
      const answer = await channel.register(rack);
      if (!Check(RegisterAnswer, answer)) throw new AppError('region_refused', 'the answer is not of the protocol');
      await learn(answer);
      return answer.state === 'waiting' ? backOffMs(attempts, WAITING, ports.random) : jitter(PAUSE_MS[answer.state]);
    } catch (error) {
      attempts += 1;
      const isAway = !(error instanceof AppError) || error.code === 'region_unreachable';
      if (!isAway) findings.raise('rack_refused', `The rack ${rack.uuid} cannot register: ${sentenceOf(error)}`);
      return backOffMs(Math.min(attempts, 10), isAway ? AWAY : REFUSED, ports.random);
    }
  };

  const jitter = (ms: number) => ms * (0.8 + 0.4 * ports.random.fraction());

  /** Returns when this host is a node, or after a time. */
  const entry = async () => {
    const waiter = new AbortController();
    waiters.add(waiter);
    await ports.wait(HOLD_MS, AbortSignal.any([closing.signal, waiter.signal]));
    waiters.delete(waiter);
  };

  /** A call of the channel: not before this host is a node. Null: it is none. */
  const admitted = async <T>(call: () => Promise<T>): Promise<T | null> => {
    if (!isMember()) await entry();
    if (!isMember()) {
      if (state === 'unknown') throw new AppError('region_unreachable', 'the rack could not register yet');
      return null;
    }
    try {
      return await call();
    } catch (error) {
      if (error instanceof AppError && error.code === 'region_denied' && !isNode) doubt();
      throw error;
    }
  };
  const doubt = () => {
    if (state === 'accepted') state = 'unknown';
    bell.ring();
  };
  return {
    channel: {
      pull: (query) => admitted(() => channel.pull(query)),
      report: async (observation) => {
        await admitted(() => channel.report(observation));
      },
      leases: async (report) => {
        const taken = await admitted(() => channel.leases(report));
        if (taken === null) throw new AppError('region_unreachable', `the rack is ${state}`);
        return taken;
      },
      register: (request) => channel.register(request),
      close: () => {
        closing.abort();
        channel.close();
      },
    },
    run: async (signal) => {
      const beat = ports.loop('register', SILENCE_MS);
      while (!signal.aborted) {
        const pause = await announce();
        beat();
        await ports.wait(DOUBT_MS, signal);
        await bell.wait(pause, signal);
        beat();
      }
      beat.end();
    },
  };
}
