import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  type LifecycleContext,
  transition,
  type Transition,
  verbsIn,
} from '../../../../src/model/machines/machine-lifecycle.ts';
import {
  isBad,
  isPassing,
  MACHINE_EVENTS,
  MACHINE_STATES,
  MACHINE_STATUS,
  MACHINE_VERBS,
  type MachineEvent,
  type MachineState,
  waitingFor,
} from '../../../../src/model/machines/machine-states.ts';
import { lateSentence } from '../../../../src/model/machines/timeline/late.ts';

const BEFORE: readonly (MachineState | null)[] = [null, ...MACHINE_STATES.filter((state) => !isPassing(state))];
const standings: readonly LifecycleContext[] = BEFORE.flatMap((before) =>
  [true, false].flatMap((isCommissioned) =>
    [true, false].map((isLocked) => ({ name: 'm1', before, isCommissioned, isLocked })),
  ),
);
const UNLOCKED: LifecycleContext = { name: 'm1', before: 'ready', isCommissioned: true, isLocked: false };

/** All that can happen, with what it comes from. */
function everything(): { state: MachineState; event: MachineEvent; at: LifecycleContext; found: Transition }[] {
  return MACHINE_STATES.flatMap((state) =>
    MACHINE_EVENTS.flatMap((event) =>
      standings.flatMap((at) => {
        const found = transition(state, event, at);
        return isRejected(found) ? [] : [{ state, event, at, found }];
      }),
    ),
  );
}

function to(state: MachineState, event: MachineEvent, at: Partial<LifecycleContext> = {}): MachineState {
  const found = transition(state, event, { ...UNLOCKED, ...at });
  if (isRejected(found)) throw new Error(found.message);
  return found.to;
}

describe('the states of machines', () => {
  it("have the names and numbers of MAAS's NODE_STATUS", () => {
    const keys =
      'NEW COMMISSIONING FAILED_COMMISSIONING MISSING READY RESERVED DEPLOYED RETIRED BROKEN DEPLOYING ALLOCATED FAILED_DEPLOYMENT ' +
      'RELEASING FAILED_RELEASING DISK_ERASING FAILED_DISK_ERASING RESCUE_MODE ENTERING_RESCUE_MODE FAILED_ENTERING_RESCUE_MODE ' +
      'EXITING_RESCUE_MODE FAILED_EXITING_RESCUE_MODE TESTING FAILED_TESTING';
    const byNumber = MACHINE_STATES.map((state) => [
      MACHINE_STATUS[state].number,
      state.toUpperCase().replaceAll('-', '_'),
    ]);
    expect(Object.fromEntries(byNumber)).toEqual(Object.fromEntries(keys.split(' ').map((key, index) => [index, key])));
  });
});

describe('the lifecycle', () => {
  it('gives each state that is on its way a deadline, and takes it from all others', () => {
    for (const { state, event, found } of everything()) {
      const deadlines = found.effects.filter(({ kind }) => kind === 'deadline');
      const wanted = found.to === state ? [] : [{ kind: 'deadline', isSet: isPassing(found.to) }];
      expect(deadlines, `${state} ${event}`).toEqual(wanted);
    }
  });

  it('leaves no state that is on its way hanging: its deadline ends it, at rest and for operators to see', () => {
    for (const state of MACHINE_STATES)
      for (const at of standings) {
        const found = transition(state, 'deadline-passed', at);
        expect(!isRejected(found), state).toBe(isPassing(state));
        const end = isRejected(found) ? null : found.to;
        expect(end === null || (!isPassing(end) && isBad(end)), state).toBe(true);
        expect(waitingFor(state) !== '', state).toBe(isPassing(state));
      }
  });

  it('switches a machine at most once for an event, and never for what is only seen at rest', () => {
    for (const { state, event, found } of everything()) {
      const powers = found.effects.filter(({ kind }) => kind === 'power').length;
      const isAsked = event === 'erase' || Object.values<string>(MACHINE_VERBS).includes(event);
      const isSeenAtRest = !isPassing(state) && !isAsked;
      expect(powers, `${state} ${event}`).toBeLessThanOrEqual(isSeenAtRest ? 0 : 1);
    }
  });

  it('does nothing that an operator asks of a locked machine, but to unlock it', () => {
    for (const state of MACHINE_STATES) {
      const found = Object.values(MACHINE_VERBS).filter(
        (event) => !isRejected(transition(state, event, { ...UNLOCKED, isLocked: true })),
      );
      expect(found, state).toEqual(['lock', 'unlock']);
      expect(verbsIn(state, { ...UNLOCKED, isLocked: true }), state).toEqual(['unlock']);
    }
  });

  it('says of every refusal what the machine is, what was asked, and what is possible', () => {
    for (const state of MACHINE_STATES)
      for (const [verb, event] of Object.entries(MACHINE_VERBS)) {
        const found = transition(state, event, UNLOCKED);
        if (!isRejected(found)) continue;
        expect(found).toMatchObject({ kind: 'rejected', code: 'conflict' });
        expect(found.message).toContain(`m1 is ${state}.`);
        expect(found.message).toMatch(new RegExp(`^${verb} does not fit: .*Possible now: [a-z, -]+\\.$`));
        expect(verbsIn(state, UNLOCKED)).not.toContain(verb);
      }
  });

  it('gives a machine to who takes it, and frees it when it is given back', () => {
    const effects = (state: MachineState, event: MachineEvent) => {
      const found = transition(state, event, UNLOCKED);
      return isRejected(found) ? [] : found.effects;
    };
    expect(effects('ready', 'allocate')).toContainEqual({ kind: 'own', by: 'caller' });
    expect(effects('ready', 'deploy')).toContainEqual({ kind: 'own', by: 'caller' });
    for (const state of ['allocated', 'deploying', 'deployed', 'failed-deployment'] as const)
      for (const event of ['release', 'erase'] as const) expect(effects(state, event)).toContainEqual({ kind: 'free' });
    for (const event of ['power-done', 'power-by-hand'] as const) {
      expect(to('releasing', event)).toBe('ready');
      expect(effects('releasing', event)).toContainEqual({ kind: 'own', by: 'nobody' });
    }
    expect(effects('disk-erasing', 'scripts-passed')).toContainEqual({ kind: 'own', by: 'nobody' });
  });

  it('never makes a machine ready whose disks were to be erased and were not', () => {
    const unclean: readonly MachineState[] = ['disk-erasing', 'failed-disk-erasing'];
    // Everything that can happen from there, the erasure's own good end and its begin left out, with what it remembers.
    const seen = new Set<string>();
    const todo: [MachineState, MachineState | null][] = unclean.map((state) => [state, state]);
    for (const [state, before] of todo) {
      if (seen.has(`${state} ${before}`)) continue;
      seen.add(`${state} ${before}`);
      for (const event of MACHINE_EVENTS) {
        if (state === 'disk-erasing' && event === 'scripts-passed') continue;
        const found = transition(state, event, { ...UNLOCKED, before });
        if (isRejected(found)) continue;
        const kept = found.effects.flatMap((effect) => (effect.kind === 'remember' ? [effect.state] : []))[0];
        todo.push([found.to, kept ?? before]);
      }
    }
    expect([...seen].filter((one) => /^(?:ready|allocated|new) /.test(one))).toEqual([]);
    expect(transition('failed-disk-erasing', 'release', UNLOCKED)).toMatchObject({
      message: expect.stringContaining('Possible now: test, mark-broken, lock, release --erase.'),
    });
  });

  it('can be gone through from every state that an operator meets to one at rest and well', () => {
    const dead: readonly MachineState[] = ['retired'];
    for (const state of MACHINE_STATES.filter((one) => !dead.includes(one))) {
      const seen = new Set<MachineState>([state]);
      for (const one of seen)
        for (const event of MACHINE_EVENTS) {
          const found = transition(one, event, UNLOCKED);
          if (!isRejected(found)) seen.add(found.to);
        }
      expect([...seen], state).toContain('ready');
    }
  });

  it('knows nobody that it has not heard of', () => {
    expect(to('missing', 'enlist')).toBe('new');
    expect(transition(null, 'enlist', UNLOCKED)).toEqual({ to: 'new', effects: [] });
    expect(transition(null, 'commission', UNLOCKED)).toMatchObject({ code: 'not_found' });
  });

  it('brings a machine back where it was after a test or a rescue', () => {
    for (const before of ['ready', 'deployed', 'allocated', 'broken'] as const) {
      const begun = transition(before, 'test', UNLOCKED);
      expect(isRejected(begun) ? [] : begun.effects).toContainEqual({ kind: 'remember', state: before });
      expect(to('testing', 'scripts-passed', { before })).toBe(before);
      expect(to('testing', 'abort', { before })).toBe(before);
      expect(to('exiting-rescue-mode', 'power-done', { before })).toBe(before);
      const again = transition('failed-testing', 'test', { ...UNLOCKED, before });
      expect(isRejected(again) ? [] : again.effects).toContainEqual({ kind: 'remember', state: before });
    }
  });

  it('makes a repaired machine what it was, and one that was never commissioned new', () => {
    expect(to('broken', 'mark-fixed', { before: 'deployed' })).toBe('deployed');
    expect(to('broken', 'mark-fixed', { before: 'testing' })).toBe('ready');
    expect(to('broken', 'mark-fixed', { before: 'commissioning', isCommissioned: false })).toBe('new');
  });
});

describe('the sentence of a deadline', () => {
  const never = { powered: null, booted: null, inventory: null, hasSwitch: true };
  it.each([
    ['no power', never, 'Its BMC did not report that the machine was switched on.'],
    ['no BMC', { ...never, hasSwitch: false }, 'a person must switch it on. No rack saw it boot from the network.'],
    [
      'no boot',
      { ...never, powered: '10:00' },
      'The machine was switched on at 10:00. No rack saw it boot from the network.',
    ],
    ['no inventory', { ...never, powered: '10:00', booted: '10:01' }, 'at 10:01, but sent no inventory.'],
    [
      'no end',
      { ...never, powered: '10:00', inventory: '10:02' },
      'Its inventory came at 10:02, but its scripts did not end.',
    ],
  ])('says first what was not seen: %s', (_, seen, words) => {
    const told = lateSentence('commissioning', 30, seen);
    expect(told).toMatch(/^Its inventory and the end of its scripts did not come within 30 minutes\. /);
    expect(told).toContain(words);
  });
});
