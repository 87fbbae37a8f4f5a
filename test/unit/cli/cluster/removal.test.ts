import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lackOf } from '../../../../src/cli/commands/cluster/removal.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const JOB = {
  id: 12,
  kind: 'node-remove',
  target: 'r3',
  targets: ['cluster'],
  state: 'waiting',
  progress: 'r3 is silent: it is shut out',
  result: null,
  caller: 'ada',
  holder: null,
  attempts: 0,
  epoch: 0,
  abortBy: null,
  deadline: '2026-03-01T11:00:00Z',
  createdAt: '2026-03-01T10:00:00Z',
  updatedAt: '2026-03-01T10:00:00Z',
  endedAt: null,
};
const DONE = { ...JOB, state: 'done', result: 'r3 is out.', endedAt: '2026-03-01T10:01:00Z' };
const PLACE = { name: 'r3', isRegion: true, isRack: false, openedAt: '2026-03-01T10:00:00Z', openedBy: 'ada' };
const TOKEN = {
  id: 'abcdefabcdef',
  isRegion: true,
  isRack: false,
  place: 'r3',
  state: 'open',
  createdBy: 'ada',
  createdAt: '2026-03-01T10:00:00Z',
  expiresAt: '2026-03-01T10:15:00Z',
  usedAt: null,
  usedBy: null,
  token: 'regent-join-1.abc',
};
const node = (name: string, changes: object = {}) => ({
  id: `n-${name}`,
  name,
  isRegion: true,
  isRack: false,
  state: 'member',
  isDrained: false,
  drain: null,
  addresses: [],
  wanted: 1,
  applied: 1,
  isCurrent: true,
  agent: null,
  facts: null,
  vlans: [],
  ...changes,
});

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));
const calls = () =>
  region.seen.map(({ method, path }) => `${method} ${path.split('?')[0]}`).filter((call) => !call.startsWith('GET'));
const site = (nodes: object[], places: object[]) => {
  region.on('GET /nodes', page(...nodes));
  region.on('GET /places', page(...places));
};

describe('regent node remove', () => {
  it('begins the job, waits for its end and tells it', async () => {
    site([node('r1'), node('r3')], []);
    region.on('POST /nodes/r3/remove', { status: 202, body: JOB });
    region.on('GET /jobs/12', { body: DONE });
    expect(await regent('node remove r3')).toMatchObject({
      code: 0,
      out: 'job 12 (node-remove r3) done: r3 is out.\n',
    });
    expect(region.seen.find(({ method }) => method === 'POST')?.body).toEqual({});
  });

  it('hands on that it is forced, and shows a refusal with the next step', async () => {
    site([node('r3')], []);
    region.on('POST /nodes/r3/remove', problem(409, 'conflict', 'Not now: r3 is the last region node.'));
    const { code, err } = await regent('node remove r3 --force');
    expect(code).not.toBe(0);
    expect(err).toContain('r3 is the last region node');
    expect(err).toContain('regent cluster status');
    expect(region.seen.find(({ method }) => method === 'POST')?.body).toEqual({ isForced: true });
  });

  it('gives up a reserved place', async () => {
    site([node('r1')], [PLACE]);
    region.on('DELETE /places/r3', { body: PLACE });
    expect((await regent('node remove r3 --dry-run')).out).toBe('would give up the place of r3\n');
    expect(calls()).toEqual([]);
    expect((await regent('node remove r3')).out).toBe('The place of r3 is no longer reserved.\n');
    expect(calls()).toEqual(['DELETE /places/r3']);
  });
});

describe('regent node replace', () => {
  it('takes the node out, and prints the token of its place', async () => {
    site([node('r1'), node('r3')], []);
    region.on('POST /nodes/r3/replace', { status: 202, body: JOB });
    region.reply('GET /jobs/12', () => {
      site([node('r1')], [PLACE]);
      return { body: DONE };
    });
    region.on('POST /tokens', { status: 201, body: TOKEN });
    const { code, out, err } = await regent('node replace r3 --no-wait');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^The place of r3 is reserved\..*\nOn its new host, as root: regent join -, which asks for this token:\nregent-join-1\.abc\n$/,
    );
    expect(err).toContain('r3 is out.');
    expect(region.seen.at(-1)?.body).toEqual({ isRegion: true, isRack: false, place: 'r3' });
  });

  it('repeated gives another token, and takes out nobody', async () => {
    site([node('r1')], [PLACE]);
    region.on('POST /tokens', { status: 201, body: TOKEN });
    const { code, out } = await regent('node replace r3 --no-wait -o json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ token: 'regent-join-1.abc', place: 'r3' });
    expect(calls()).toEqual(['POST /tokens']);
  });

  it('of a rack whose row waits gives a token; of a host that is joining it asks the region', async () => {
    const place = { ...PLACE, name: 'k1', isRegion: false, isRack: true };
    site([node('k1', { isRegion: false, isRack: true })], [place]);
    region.on('POST /tokens', { status: 201, body: { ...TOKEN, isRegion: false, isRack: true, place: 'k1' } });
    expect((await regent('node replace k1 --no-wait')).code).toBe(0);
    expect(calls()).toEqual(['POST /tokens']);
    region.clear();
    site([node('r3', { state: 'joining' })], [PLACE]);
    region.on('POST /nodes/r3/replace', problem(409, 'conflict', 'Not now: r3 is joining just now.'));
    const { code, err } = await regent('node replace r3');
    expect([code === 0, err.includes('r3 is joining just now')]).toEqual([false, true]);
  });

  it('shows what it would do', async () => {
    site([node('r1'), node('r3')], []);
    region.on('POST /nodes/r3/replace', { body: { dryRun: true, object: JOB, changes: [], nodes: [] } });
    expect((await regent('node replace r3 --dry-run')).out).toBe('would start: r3 is silent: it is shut out\n');
  });

  it('ends when the host has its place and the cluster can lose a node again', () => {
    const losses = { now: 0, promised: 1, why: ['etcd 2 of 3 voters'] };
    const told = (state: object, change: object = {}) =>
      lackOf({ nodes: [{ name: 'r3', isRegion: true, ...state }], losses: { ...losses, ...change } } as never, 'r3');
    expect(lackOf({ nodes: [], losses }, 'r3')).toBe('it has not joined yet');
    expect(told({ state: 'joining' })).toBe('it is joining');
    expect(told({ state: 'member', report: 'never' })).toBe('it does not report yet');
    expect(told({ state: 'member', report: 'current' })).toBe('the cluster can lose 0 (etcd 2 of 3 voters)');
    expect(told({ state: 'member', report: 'current' }, { now: 1 })).toBeNull();
    expect(told({ state: 'member', report: 'current' }, { promised: 0 })).toBeNull();
    expect(told({ state: 'member', report: 'current', isRegion: false })).toBeNull();
  });
});
