import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MACHINE_VERBS } from '../../../../src/model/machines/machine-states.ts';
import { FakeRegion, problem, run } from '../fake-region.ts';

/** `regent machine commission` and its like, and the states of machines in lists. */

const AT = '2026-03-01T09:58:00.000Z';
const machine = (hostname: string, more: object = {}) => ({
  id: `${hostname}abcd`,
  hostname,
  domain: 'example.test',
  fqdn: `${hostname}.example.test`,
  rack: null,
  interfaces: [],
  tags: [],
  state: 'commissioning',
  stateSince: AT,
  owner: 'ada',
  locked: false,
  error: '',
  message: 'It waits for its inventory.',
  deadline: '2026-03-01T10:28:00.000Z',
  job: 7,
  busy: true,
  zone: 'hall-1',
  pool: 'lab',
  description: 'a note',
  annotations: { 'k8s/role': 'worker' },
  ...more,
});
const atRest = (state: string, error = '') =>
  machine('m1', { state, error, message: '', deadline: null, job: null, busy: false, owner: null });

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));
const bodies = () =>
  region.seen.filter(({ method }) => method === 'POST').map(({ path, body }) => [path.split('/api/v1').at(-1), body]);

describe('regent machine commission', () => {
  it('tells what the machine is, until when, and what it waits for', async () => {
    region.on('POST /machines/m1/commission', { status: 202, body: machine('m1') });
    expect(await regent('machine commission m1 --comment later')).toMatchObject({
      code: 0,
      out: 'm1.example.test is commissioning until 2026-03-01 10:28:00Z: It waits for its inventory.\n',
    });
    expect(bodies()).toEqual([['/machines/m1/commission', { comment: 'later' }]]);
  });

  it('lets one in where that is asked for; other verbs do not know of it', async () => {
    region.on('POST /machines/m1/test', { status: 202, body: machine('m1') });
    expect((await regent('machine test m1 --enable-ssh')).code).toBe(0);
    expect(bodies()).toEqual([['/machines/m1/test', { enableSsh: true }]]);
    expect((await regent('machine lock m1 --enable-ssh')).code).toBe(2);
  });

  it.each([
    ['ready', '', 0],
    ['failed-commissioning', 'No boot of it was seen.', 1],
  ])('waits until it is at rest: %s', async (state, error, code) => {
    region.on('POST /machines/m1/commission', { status: 202, body: machine('m1') });
    region.on('GET /machines/m1abcd', { body: atRest(state, error) });
    const told = await regent('machine commission m1 --wait');
    expect(told.code).toBe(code);
    expect(told.err).toContain(`m1.example.test is ${state}${error === '' ? '' : `: ${error}`}\n`);
  });

  it('tells what goes on when its time is up', async () => {
    region.on('POST /machines/m1/commission', { status: 202, body: machine('m1') });
    region.on('GET /machines/m1abcd', { body: machine('m1') });
    const told = await regent('machine commission m1 --wait --timeout 1');
    expect(told.code).toBe(5);
    expect(told.err).toContain('Not ended after 1 s: m1.example.test is commissioning until');
    expect(told.err).toContain('regent machine abort m1');
  });

  it('asks for each of several; a refusal of one is told and ends none of the others', async () => {
    region.on('POST /machines/m1/commission', { status: 202, body: machine('m1') });
    region.on('POST /machines/m2/commission', problem(409, 'conflict', 'commission does not fit: m2 is deployed.'));
    region.on('POST /machines/m3/commission', { status: 202, body: machine('m3') });
    const told = await regent('machine commission m1 m2 m3');
    expect(told.code).toBe(4);
    expect(told.err).toContain('m2: commission does not fit: m2 is deployed.');
    expect(told.out).toMatch(/m1\.example\.test.*commissioning[^]*m3\.example\.test/);
    expect(bodies()).toHaveLength(3);
  });

  it('asks for all machines of a tag', async () => {
    region.on('GET /machines', { body: { items: [machine('m1'), machine('m2')], next: null } });
    for (const name of ['m1', 'm2'])
      region.on(`POST /machines/${name}abcd/commission`, { status: 202, body: machine(name) });
    expect(await regent('machine commission --tag rack7')).toMatchObject({ code: 0 });
    expect(bodies().map(([path]) => path)).toEqual(['/machines/m1abcd/commission', '/machines/m2abcd/commission']);
  });

  it.each([
    'machine commission',
    'machine commission m1 --tag a',
    'machine commission m1 m2 --dry-run',
    'machine list --state lost',
  ])('refuses what makes no sense, and asks nobody: %s', async (line) => {
    expect(await regent(line)).toMatchObject({ code: 2 });
    expect(region.seen).toEqual([]);
  });
});

describe.each(Object.keys(MACHINE_VERBS))('regent machine %s', (verb) => {
  it('is its call, and says what is possible where it is refused', async () => {
    region.on(`POST /machines/m1/${verb}`, { status: 202, body: atRest('broken', 'fan 2 stands still') });
    expect(await regent(`machine ${verb} m1`)).toMatchObject({
      code: 0,
      out: 'm1.example.test is broken: fan 2 stands still\n',
    });
    region.on(`POST /machines/m1/${verb}`, problem(409, 'conflict', 'Possible now: unlock.'));
    const told = await regent(`machine ${verb} m1`);
    expect(told.code).toBe(4);
    expect(told.err).toContain('Possible now: unlock.');
    expect(told.err).toContain('regent machine show m1');
  });
});

describe('the state of a machine', () => {
  it('is a column of the list, with filters', async () => {
    region.on('GET /machines', { body: { items: [machine('m1', { locked: true })], next: null } });
    const { out } = await regent('machine list --state commissioning --owner ada --zone hall-1 --pool lab -o wide');
    expect(out).toMatch(/commissioning \(locked\).*hall-1.*lab/);
    expect(out).toMatch(/2026-03-01 09:58:00Z.*ada.*2026-03-01 10:28:00Z/);
    const { query } = region.seen[0] ?? {};
    for (const [name, value] of [
      ['state', 'commissioning'],
      ['owner', 'ada'],
      ['zone', 'hall-1'],
      ['pool', 'lab'],
    ] as const)
      expect(query?.get(name)).toBe(value);
  });

  it('is shown with its time, its deadline and what it waits for; so are place and notes', async () => {
    region.on('GET /machines/m1', { body: machine('m1') });
    const { out } = await regent('machine show m1');
    expect(out).toMatch(/State:\s+commissioning, since 2026-03-01 09:58:00Z/);
    for (const line of [
      'until 2026-03-01 10:28:00Z, else it has failed',
      'It waits for its inventory.',
      'job 7 switches it',
      'hall-1',
      'a note',
      'k8s/role=worker',
    ])
      expect(out).toContain(line);
  });

  it('of a region that does not know of it is left out', async () => {
    const { id, hostname, domain, fqdn, rack, interfaces, tags } = machine('m1');
    region.on('GET /machines/m1', { body: { id, hostname, domain, fqdn, rack, interfaces, tags } });
    const { code, out } = await regent('machine show m1');
    expect(code).toBe(0);
    expect(out).not.toMatch(/State|Zone|undefined/);
  });

  it('goes with its place into create and set', async () => {
    region.on('POST /machines', { status: 201, body: machine('m1') });
    await regent('machine create m1 --zone hall-1 --pool lab --description note --annotation a=b=c --annotation d=');
    expect(bodies()).toEqual([
      [
        '/machines',
        { hostname: 'm1', zone: 'hall-1', pool: 'lab', description: 'note', annotations: { a: 'b=c', d: '' } },
      ],
    ]);
    expect(await regent('machine create m1 --annotation nothing')).toMatchObject({ code: 2 });
  });
});
