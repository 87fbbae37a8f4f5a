import { describe, expect, it } from 'vitest';
import {
  inOrder,
  type NamedStep,
  ofEvents,
  ofOrders,
  ofResults,
  withoutEcho,
} from '../../../../src/region/machines/timeline/steps.ts';

/** What is there of a machine, as steps of one kind. */

const step = (id: string, at: number, more: Partial<NamedStep> = {}): NamedStep => ({
  id,
  at,
  source: 'http',
  what: 'kernel',
  node: 'k1',
  address: '',
  outcome: 'done',
  facts: {},
  ...more,
});
const event = (kind: string, data: object, id = 1) => ({ id, at: 1000 * id, kind, data: { ...data } });
const order = (more: object) => ({
  id: 5,
  node: 'r1',
  verb: 'on' as const,
  caller: 'job 3',
  createdAt: 1_000,
  claimedAt: 1_100,
  endedAt: null,
  sentence: '',
  result: null,
  ...more,
});
const RESULT = {
  outcome: 'done',
  state: 'on',
  hasChanged: true,
  code: null,
  why: '',
  remedy: '',
  notes: [],
  learned: {},
};

describe('steps', () => {
  it('stand in their order; a lease of the second in which the machine was asked comes after that', () => {
    const asked = step('event-1', 1_450, { source: 'state', what: 'state' });
    const lease = step('rack-1', 1_000, { source: 'dhcp', what: 'lease' });
    const loader = step('rack-2', 1_500, { source: 'tftp', what: 'loader' });
    expect(inOrder([loader, lease, asked]).map(({ id }) => id)).toEqual(['event-1', 'rack-1', 'rack-2']);
    const earlier = { ...lease, at: 400 };
    expect(inOrder([loader, earlier, asked]).map(({ id }) => id)).toEqual(['rack-1', 'event-1', 'rack-2']);
  });

  it('come of events, each with its words; configuration is none', () => {
    const steps = ofEvents([
      event('machine.state.commissioning', { event: 'commission', by: 'ada', before: 'new' }),
      event('machine.state.failed-commissioning', { event: 'deadline-passed', by: 'system', text: 'Too late.' }),
      event('machine.boot-lost', { by: 'system:lifecycle', text: 'k1 is dead.' }),
      event('machine.power-failed', { text: 'k1: wrong password.' }),
      event('machine.power.off', { by: 'look', node: 'k1' }),
      event('machine.power.off', { by: 'job 3', node: 'k1' }),
      event('machine.status', { type: 'finish', name: 'init', description: 'd', result: 'FAIL' }),
      event('machine.signal', { status: 'FAILED', error: 'e', scripts: [] }),
      event('machine.signal', { status: 'FAILED', error: 'e', scripts: ['00-cpu'] }),
      event('machine.inventory', { problems: 2, source: '10.0.0.1' }),
      event('machine.changed', {}),
    ]);
    expect(steps.map(({ source, what, outcome, facts }) => [source, what, outcome, facts.words])).toEqual([
      ['state', 'state', 'done', 'commissioning (commission by ada)'],
      ['state', 'state', 'failed', 'failed-commissioning (deadline-passed by system): Too late.'],
      ['state', 'state', 'failed', 'it boots again: k1 is dead.'],
      ['bmc', 'power-failed', 'failed', 'k1: wrong password.'],
      ['bmc', 'power-off', 'done', 'Reported by the BMC; not requested by Regent.'],
      ['metadata', 'status', 'failed', 'finish init FAIL: d'],
      ['metadata', 'signal', 'failed', 'FAILED e'],
      ['metadata', 'inventory', 'done', '2 of its members were left out'],
    ]);
    const long = ofEvents([event('machine.power-failed', { text: 'x'.repeat(5000) })]);
    expect(long[0]?.facts.words).toHaveLength(300);
  });

  it('come of orders to its BMC, once: the end of their job repeats it', () => {
    expect(ofOrders([order({})])).toMatchObject([{ at: 1_100, what: 'power-asked', outcome: 'running', node: 'r1' }]);
    const done = ofOrders([order({ endedAt: 1_900, result: RESULT })]);
    expect(done).toMatchObject([{ at: 1_900, what: 'power-on', outcome: 'done' }]);
    const failed = {
      ...RESULT,
      outcome: 'failed',
      state: 'error',
      code: 'auth',
      why: 'Wrong password.',
      remedy: 'Set it.',
    };
    expect(ofOrders([order({ endedAt: 1_900, result: failed })])).toMatchObject([
      { what: 'power-failed', outcome: 'failed', facts: { words: 'Wrong password. Set it.' } },
    ]);
    expect(ofOrders([order({ endedAt: 1_900, sentence: 'Nobody took it.' })])).toMatchObject([
      { what: 'power-failed', facts: { words: 'Nobody took it.' } },
    ]);
    expect(ofOrders([order({ endedAt: 1_900, result: { ...failed, outcome: 'overtaken' } })])).toEqual([]);
    const echo = ofEvents([event('machine.power-done', { by: 'job 3' }, 2)]);
    expect(withoutEcho(echo, done)).toEqual(done);
    expect(withoutEcho(echo, [])).toEqual(echo);
  });

  it('come of scripts: their begin, and their end', () => {
    const at = new Date(5_000).toISOString();
    const result = { id: 7, run: 1, purpose: 'testing' as const, script: 'memory', at, outputs: [] };
    const one = (state: 'running' | 'passed' | 'timed-out', endedAt: string | null) =>
      ofResults([{ ...result, state, exitStatus: state === 'passed' ? 0 : null, startedAt: at, endedAt }]);
    expect(one('running', null)).toMatchObject([{ what: 'script-started', at: 5_000, facts: { file: 'memory' } }]);
    expect(one('passed', at)[1]).toMatchObject({ what: 'script-ended', outcome: 'done', facts: { exit: 0 } });
    expect(one('timed-out', at)[1]).toMatchObject({ outcome: 'failed', facts: { words: 'timed-out' } });
  });
});
