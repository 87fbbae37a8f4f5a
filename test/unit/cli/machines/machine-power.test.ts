import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, problem, run } from '../fake-region.ts';

/** `regent machine power`, and the power of machines in lists. */

const AT = '2026-03-01T09:58:00.000Z';
const job = (id: number, target: string, more: object = {}) => ({
  id,
  kind: 'machine-power',
  target,
  targets: [`machine:${target}`, 'bmc:1'],
  state: 'waiting',
  progress: '',
  result: null,
  caller: 'ada',
  abortBy: null,
  holder: null,
  epoch: 0,
  attempts: 0,
  createdAt: AT,
  updatedAt: AT,
  deadline: AT,
  endedAt: null,
  ...more,
});
const machine = (hostname: string, more: object = {}) => ({
  id: `${hostname}abcd`,
  hostname,
  domain: 'example.test',
  fqdn: `${hostname}.example.test`,
  rack: null,
  interfaces: [],
  tags: [],
  ...more,
});

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));
const bodies = () =>
  region.seen.filter(({ method }) => method === 'POST').map(({ path, body }) => [path.split('/api/v1').at(-1), body]);

describe('regent machine power', () => {
  it('asks for a job and tells it', async () => {
    region.on('POST /machines/m1/power', { status: 202, body: job(7, 'm1') });
    expect(await regent('machine power cycle m1 --boot pxe --soft')).toMatchObject({
      code: 0,
      out: 'job 7 (machine-power m1) waiting\n',
    });
    expect(bodies()).toEqual([['/machines/m1/power', { verb: 'cycle', boot: 'pxe', stopMode: 'soft' }]]);
  });

  it.each([
    ['done', 'm1 is on: k1 asked its BMC.', 0],
    ['failed', 'k1: The BMC refuses the password. Set the right one.', 1],
  ])('waits for its end: %s', async (state, result, code) => {
    region.on('POST /machines/m1/power', { status: 202, body: job(7, 'm1') });
    region.on('GET /jobs/7', { body: job(7, 'm1', { state, result, endedAt: AT }) });
    const told = await regent('machine power on m1 --wait');
    expect(told.code).toBe(code);
    expect(told.err).toContain(`job 7 (machine-power m1) ${state}: ${result}`);
  });

  it('asks for one job of each of several; a refusal of one is told and ends none of the others', async () => {
    region.on('POST /machines/m1/power', { status: 202, body: job(7, 'm1') });
    region.on('POST /machines/m2/power', problem(409, 'conflict', 'Job 3 holds the target bmc:1.'));
    region.on('POST /machines/m3/power', { status: 202, body: job(8, 'm3') });
    const told = await regent('machine power off m1 m2 m3 --hard');
    expect(told.code).toBe(4);
    expect(told.err).toContain('m2: Job 3 holds the target bmc:1.');
    expect(told.out).toMatch(/7 .*m1[^]*8 .*m3/);
    expect(bodies()).toHaveLength(3);
  });

  it('asks for all machines of a tag', async () => {
    region.on('GET /machines', { body: { items: [machine('m1'), machine('m2')], next: null } });
    for (const [index, name] of ['m1abcd', 'm2abcd'].entries())
      region.on(`POST /machines/${name}/power`, { status: 202, body: job(7 + index, name) });
    expect(await regent('machine power query --tag rack7')).toMatchObject({ code: 0 });
    expect(region.seen[0]?.query.get('tag')).toBe('rack7');
    expect(bodies().map(([, body]) => body)).toEqual([{ verb: 'query' }, { verb: 'query' }]);
  });

  it.each([
    'machine power explode m1',
    'machine power on',
    'machine power on m1 --tag rack7',
    'machine power off m1 --soft --hard',
    'machine power on m1 m2 --dry-run',
    'machine power on m1 --boot floppy',
  ])('refuses what makes no sense, and asks nobody: %s', async (line) => {
    expect(await regent(line)).toMatchObject({ code: 2 });
    expect(region.seen).toEqual([]);
  });
});

describe('the power of a machine', () => {
  const broken = machine('m1', {
    bmc: 'm1-bmc',
    powerParameters: {},
    powerState: 'error',
    powerStateAt: AT,
    powerSeenBy: 'k1',
    powerWhy: 'The BMC refuses the password.',
    powerRemedy: 'Set the right one: regent bmc set.',
  });

  it('is a column of the list; of a machine that nothing switches it is empty', async () => {
    region.on('GET /machines', { body: { items: [broken, machine('m2')], next: null } });
    const { out } = await regent('machine list');
    expect(out.split('\n')[0]).toMatch(/POWER/i);
    expect(out).toMatch(/m1\.example\.test.*error/);
  });

  it('is shown with its time, its node, and what helps', async () => {
    region.on('GET /machines/m1', { body: broken });
    const { out } = await regent('machine show m1');
    expect(out).toMatch(/Power:\s+error, seen 2026-03-01.* by k1/);
    expect(out).toContain('The BMC refuses the password.');
    expect(out).toContain('Set the right one: regent bmc set.');
  });
});
