import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, problem, run } from '../fake-region.ts';

/** The way of a machine, as commands show it. */

const MACHINE = {
  id: 'm1abcd',
  hostname: 'm1',
  domain: 'example.test',
  fqdn: 'm1.example.test',
  rack: null,
  interfaces: [],
  tags: [],
  state: 'commissioning',
};
const step = (id: string, second: number, more: object = {}) => ({
  id,
  at: `2026-03-01T10:00:0${second}.400Z`,
  source: 'http',
  node: 'k1',
  what: 'kernel',
  outcome: 'done',
  address: '10.20.0.21',
  detail: 'vmlinuz HTTP 200',
  afterMs: 1500,
  ...more,
});
const timeline = (more: object = {}) => ({
  machine: 'm1abcd',
  name: 'm1.example.test',
  state: 'commissioning',
  now: '2026-03-01T10:00:09.000Z',
  run: { id: 7, purpose: 'commissioning', startedAt: '2026-03-01T10:00:00.000Z', endedAt: null },
  runs: [7],
  steps: [
    step('event-1', 0, {
      source: 'state',
      node: '',
      what: 'state',
      detail: 'commissioning (commission by ada)',
      afterMs: null,
    }),
    step('rack-2', 3, { outcome: 'failed', detail: 'vmlinuz\u001b[2J HTTP 404' }),
  ],
  isCut: false,
  deadline: '2026-03-01T10:30:00.000Z',
  next: {
    stage: 'told',
    since: '2026-03-01T10:00:03.000Z',
    next: 'its kernel',
    deadline: '2026-03-01T10:00:48.000Z',
    isLate: false,
    sentence: 'Next: its kernel, within 39 s.',
  },
  causes: [
    { code: 'image-missing', sentence: 'The rack k1 did not give out vmlinuz.', remedy: 'See: regent image list.' },
  ],
  ...more,
});
const SHOWN = `m1.example.test is commissioning, run 7 (commissioning), until 10:30:00.0Z, 2026-03-01
AT           AFTER   SOURCE   STEP    RESULT  WHAT
10:00:00.4Z  -       state    state   ok      commissioning (commission by ada)
10:00:03.4Z  +1.5 s  http@k1  kernel  FAILED  vmlinuz\\x1b[2J HTTP 404
Next: its kernel, within 39 s.
Likely causes:
  * The rack k1 did not give out vmlinuz.
    See: regent image list.
`;

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));
const queries = () => region.seen.map(({ query }) => query.toString());

describe('regent machine timeline', () => {
  it('shows each step, what comes next and by when, and likely causes; nothing of a machine acts on the terminal', async () => {
    region.on('GET /machines/m1/timeline', { body: timeline() });
    expect(await regent('machine timeline m1')).toMatchObject({ code: 0, out: SHOWN, err: '' });
  });

  it('is data, of a run or of all', async () => {
    region.on('GET /machines/m1/timeline', { body: timeline() });
    expect(JSON.parse((await regent('machine timeline m1 --run 7 -o json')).out)).toEqual(timeline());
    await regent('machine timeline m1 --all');
    expect(queries()).toEqual(['run=7', 'all=true']);
    expect((await regent('machine timeline m1 --run 7 --all')).code).toBe(2);
    expect((await regent('machine timeline m1 -o csv')).code).toBe(2);
  });

  it('says that nothing was seen yet', async () => {
    region.on('GET /machines/m1/timeline', {
      body: timeline({ steps: [], run: null, deadline: null, next: null, causes: [] }),
    });
    expect((await regent('machine timeline m1')).out).toBe(
      'm1.example.test is commissioning\nNothing was seen of it yet.\n',
    );
  });

  it('follows a machine: each step once, what comes next when it is another thing, until it is at rest', async () => {
    const [first, second] = timeline().steps;
    const answers = [
      timeline({ steps: [first], causes: [] }),
      timeline({ steps: [first], causes: [] }),
      timeline({ steps: [first, second] }),
      timeline({
        steps: [first, second, step('event-3', 6, { detail: 'ready' })],
        state: 'ready',
        next: null,
        causes: [],
      }),
    ];
    region.reply('GET /machines/m1/timeline', () => ({ body: answers.shift() }));
    const told = await regent('machine timeline m1 --follow');
    expect(told.code).toBe(0);
    expect(told.out.split('\n').map((line) => line.split('  ').at(-1))).toEqual([
      'commissioning (commission by ada)',
      'vmlinuz\\x1b[2J HTTP 404',
      'ready',
      '',
    ]);
    expect(told.err.match(/Next:/g)).toHaveLength(2);
    expect(answers).toEqual([]);
  });
});

describe('regent machine show', () => {
  it('tells the way first, of a machine that is on one or whose way has failed', async () => {
    region.on('GET /machines/m1', { body: MACHINE });
    region.on('GET /machines/m1/timeline', { body: timeline() });
    expect((await regent('machine show m1')).out).toMatch(
      /^m1\.example\.test is commissioning[^]*regent image list\.\n\nName: /,
    );
    region.on('GET /machines/m1', { body: { ...MACHINE, state: 'failed-commissioning' } });
    expect((await regent('machine show m1')).out).toContain('Likely causes:');
    region.on('GET /machines/m1', { body: { ...MACHINE, state: 'ready' } });
    expect((await regent('machine show m1')).out).toMatch(/^Name: /);
  });

  it('does without, where the region keeps none', async () => {
    region.on('GET /machines/m1', { body: MACHINE });
    region.on('GET /machines/m1/timeline', problem(404, 'not_found', 'There is no such path.'));
    expect(await regent('machine show m1')).toMatchObject({ code: 0, out: expect.stringMatching(/^Name: /) as string });
  });
});
