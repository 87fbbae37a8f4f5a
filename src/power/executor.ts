import { backOffMs } from '../core/back-off.ts';
import { isRejected, type Rejected } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { secretsIn, type StopMode } from '../model/machines/power.ts';
import { failed, isFailed, type PowerEffects, type PowerFailure, type Reading } from './driver.ts';
import type { Fence } from './fence.ts';
import { guarded, type Judge, judgeOf } from './guard.ts';
import { openLanes } from './lanes.ts';
import type { PowerOrder, PowerOutcome, PowerTarget } from './order.ts';
import { driverOf } from './registry.ts';
import { withoutSecrets } from './secrets.ts';
import { isStopped, overtakenBy, Visit } from './visit.ts';

/** How long a hard order may take to be seen, ms, where no quirk says otherwise. */
const SETTLE_MS = 30_000;
/** How long an operating system may take to end, ms. */
const SOFT_MS = 180_000;
/** Queries while a state changes: soon at first, then ever less often, ms; drawn from the upper half of these. */
const POLL = { firstMs: 350, mostMs: 4000 };
/** A machine that is on is queried a second time, ms later: some fall off again, and some BMCs report on too soon. */
const CONFIRM_MS = 400;
/** What the last query of a state may take, ms. */
const LAST_QUERY_MS = 1000;

export interface ExecutorPorts {
  readonly effects: PowerEffects;
  readonly fence: Fence;
  readonly log: Log;
  /** Which addresses may get requests, by those that a target closes. Left out: the product's law. Tests open their own host. */
  readonly judgeOf?: (closed: readonly string[] | undefined) => Judge;
}

/** Carries out power orders, each BMC's one after the other. Never throws for what a BMC does. */
export type Executor = { run(target: PowerTarget, order: PowerOrder): Promise<PowerOutcome> };

/** The result of an order, before it is an outcome. */
type OrderResult = { readonly state: Reading; readonly hasChanged: boolean; readonly isVerified: boolean };

/** Opens the executor of this process: one for all BMCs. */
export function openExecutor({ effects: bare, fence, log, judgeOf: judge = judgeOf }: ExecutorPorts): Executor {
  const lanes = openLanes(bare);
  return {
    run: async (target, order) => {
      const driver = driverOf(target.type);
      const effects = guarded(bare, judge(target.closed));
      const bmc = driver.bmcOf(target.parameters);
      const startedAt = effects.clock.monotonic();
      const call = { ...target, effects, until: startedAt + order.timeoutMs };
      const full = { ...order, stopMode: stopModeOf(order, target) };
      // Before the queue: the order that runs now must see that it was overtaken.
      if (bmc !== null) await fence.raise(bmc, order.epoch);
      const outcome = overtakenBy({ fence, bmc, epoch: order.epoch }) ??
        (await lanes.enter(bmc, async (lane): Promise<PowerOutcome> => {
          const visit = new Visit({ driver, call, lane, fence, bmc, epoch: order.epoch });
          try {
            return outcomeOf(visit, await carryOut(visit, full, driver), effects.clock.monotonic() - startedAt);
          } finally {
            await visit.close();
          }
        })) ?? {
          ...failed('busy', `${bmc} has too many orders waiting.`, 'Try again in a minute.'),
          learned: target.learned,
        };
      const safe = withoutSecrets(outcome, Object.values(secretsIn(driver.settings, target.parameters)));
      logOutcome(log, { bmc: bmc ?? target.type, order, outcome: safe, tookMs: effects.clock.monotonic() - startedAt });
      return withoutAnswer(safe);
    },
  };
}

function outcomeOf(visit: Visit, result: OrderResult | PowerFailure | Rejected, tookMs: number): PowerOutcome {
  if (isRejected(result)) return result;
  const { learned, notes } = visit;
  return isFailed(result)
    ? { ...result, learned }
    : { kind: 'done', ...result, learned, notes, tookMs: Math.round(tookMs) };
}

/** As ordered, else as the BMC's parameters say; a cycle must end, so it does not ask the operating system. */
function stopModeOf({ verb, stopMode }: PowerOrder, { parameters }: PowerTarget): StopMode {
  return stopMode ?? (verb === 'off' && parameters['power_off_mode'] === 'soft' ? 'soft' : 'hard');
}

type DriverAbilities = { readonly label: string; readonly isQueryable: boolean; readonly canSetBoot: boolean };

type StopReason = PowerFailure | Rejected;

async function carryOut(visit: Visit, order: PowerOrder, driver: DriverAbilities): Promise<OrderResult | StopReason> {
  if (!driver.isQueryable) return await byHand(visit, order, driver);
  const before = await visit.say((line) => line.query());
  if (isStopped(before)) return before;
  if (order.verb === 'query') return { state: before, hasChanged: false, isVerified: true };
  if (order.verb === 'off') return await switchOff(visit, order, before);
  let state: Reading = before;
  if (order.verb === 'cycle' && state !== 'off') {
    const off = await switchOff(visit, order, state);
    if (isStopped(off)) return off;
    state = off.state;
  }
  const stopped = await setBoot(visit, order, driver);
  if (stopped !== null) return stopped;
  if (state === 'on') return { state, hasChanged: false, isVerified: true };
  const accepted = await visit.say((line) => line.on());
  if (isStopped(accepted)) return accepted;
  return await waitForState(visit, {
    wanted: 'on',
    settleMs: visit.quirks.settleMs ?? SETTLE_MS,
    mayRepeat: true,
    how: 'on',
  });
}

/** No driver can query the state: a note asks a person, and the person is believed. */
async function byHand(visit: Visit, order: PowerOrder, { label }: DriverAbilities): Promise<OrderResult | StopReason> {
  if (order.verb !== 'query') visit.notes.push(`${label}: switch the machine ${describeVerb(order.verb)} by hand now.`);
  return { state: 'unknown', hasChanged: false, isVerified: order.verb === 'query' };
}

const describeVerb = (verb: 'on' | 'off' | 'cycle'): string => (verb === 'cycle' ? 'off and on' : verb);

async function setBoot(
  visit: Visit,
  { boot }: PowerOrder,
  { label, canSetBoot }: DriverAbilities,
): Promise<StopReason | null> {
  if (boot === undefined) return null;
  if (!canSetBoot) {
    visit.notes.push(`${label} cannot set the boot device: set ${boot} first in the firmware's boot order.`);
    return null;
  }
  const accepted = await visit.say((line) => line.bootNext(boot));
  return isStopped(accepted) ? accepted : null;
}

async function switchOff(
  visit: Visit,
  { stopMode = 'hard' }: PowerOrder,
  before: Reading,
): Promise<OrderResult | StopReason> {
  if (before === 'off') return { state: 'off', hasChanged: false, isVerified: true };
  const accepted = await visit.say((line) => line.off(stopMode));
  if (isStopped(accepted)) return accepted;
  if (stopMode === 'soft')
    return await waitForState(visit, { wanted: 'off', settleMs: SOFT_MS, mayRepeat: false, how: 'soft' });
  return await waitForState(visit, {
    wanted: 'off',
    settleMs: visit.quirks.settleMs ?? SETTLE_MS,
    mayRepeat: true,
    how: 'off',
  });
}

interface StateGoal {
  readonly wanted: 'on' | 'off';
  readonly settleMs: number;
  /** A second button press would stop a machine that is shutting down. */
  readonly mayRepeat: boolean;
  readonly how: 'on' | 'off' | 'soft';
}

/** Queries until the machine has the ordered state; after half of the time the order is sent once more. */
async function waitForState(visit: Visit, goal: StateGoal): Promise<OrderResult | StopReason> {
  // A part of the time is reserved for the last query.
  const timeMs = Math.max(0, Math.min(goal.settleMs, visit.left - Math.min(LAST_QUERY_MS, visit.left / 5)));
  const end = visit.left - timeMs;
  let isRepeated = !goal.mayRepeat;
  let hasFallen = false;
  for (let polls = 0; ; polls += 1) {
    const state = await visit.say((line) => line.query());
    if (isStopped(state)) return state;
    if (state === goal.wanted) {
      const isStill = goal.wanted === 'off' || (await isStillOn(visit));
      if (isStopped(isStill)) return isStill;
      if (isStill) return { state, hasChanged: true, isVerified: true };
      hasFallen = true;
    }
    if (visit.left <= end) return unseenFailure(goal, timeMs, hasFallen);
    if (!isRepeated && visit.left - end < timeMs / 2) {
      isRepeated = true;
      visit.notes.push(`The order ${goal.wanted} was given twice.`);
      const again = await visit.say((line) => (goal.wanted === 'on' ? line.on() : line.off('hard')));
      if (isStopped(again)) return again;
    }
    await visit.pause(Math.min(backOffMs(polls, POLL, visit.random), Math.max(1, visit.left - end)));
  }
}

async function isStillOn(visit: Visit): Promise<boolean | StopReason> {
  await visit.pause(CONFIRM_MS);
  const state = await visit.say((line) => line.query());
  return isStopped(state) ? state : state === 'on';
}

function unseenFailure({ wanted, how }: StateGoal, timeMs: number, hasFallen: boolean): PowerFailure {
  const seconds = (timeMs / 1000).toFixed(1);
  if (how === 'soft')
    return failed(
      'lied',
      `Regent pressed the power button, but the machine is still on after ${seconds} s.`,
      'Its operating system does not react to the button: switch it off with the stop mode hard.',
    );
  if (hasFallen)
    return failed(
      'lied',
      `The BMC reported that the machine was on, but the machine was off again within ${seconds} s.`,
      'Check its power supplies and the log of its BMC.',
    );
  return failed(
    'lied',
    `The BMC accepted the order "${wanted}", but still does not report the machine as ${wanted} after ${seconds} s.`,
    'Reset the BMC (cold), or switch the machine by hand and check the log of its BMC.',
  );
}

interface OrderLogEntry {
  readonly bmc: string;
  readonly order: PowerOrder;
  readonly outcome: PowerOutcome;
  readonly tookMs: number;
}

/** The answer of a BMC stands only in the log of the agent, which admins read. */
function withoutAnswer(outcome: PowerOutcome): PowerOutcome {
  if (outcome.kind !== 'failed') return outcome;
  const { answer: _, ...rest } = outcome;
  return rest;
}

function logOutcome(log: Log, { bmc, order, outcome, tookMs }: OrderLogEntry): void {
  const fields = { bmc, verb: order.verb, epoch: order.epoch, ms: Math.round(tookMs) };
  if (outcome.kind === 'done')
    log.info('power order done', { ...fields, state: outcome.state, changed: outcome.hasChanged });
  else log.warn('power order not done', { ...fields, code: outcome.code, why: outcome.message, ...answerOf(outcome) });
}

function answerOf(outcome: PowerOutcome): { readonly answer?: string } {
  return outcome.kind === 'failed' && outcome.answer !== undefined ? { answer: outcome.answer } : {};
}
