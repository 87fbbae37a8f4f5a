import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RELEASE_FILE } from '../../../src/model/images/image.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';
import { NEW, OLD, orderFor } from '../../unit/region/site/upgrade/fake.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());
beforeEach(() => run(sql`delete from jobs`));

const run = async (text: ReturnType<typeof sql>) => value(await site.db.repeatable((tx) => tx.run(text)));
const call = (method: 'GET' | 'POST', path: string, body?: unknown) =>
  site.call(method, path, body === undefined ? {} : { body });
/** The row of an upgrade's job, as a runner leaves it. */
const ended = (payload: unknown, state: string, checkpoint: unknown) =>
  run(sql`insert into jobs (kind, target, targets, payload, is_exclusive, caller, deadline, state, checkpoint, result, ended_at)
    values ('upgrade', ${NEW}, '{cluster}', ${JSON.stringify(payload)}::jsonb, false, 'ada', now(), ${state}, ${JSON.stringify(checkpoint)}::jsonb,
      'as it ended.', now())`);
const progress = (changes: object) => ({
  losses: 1,
  isChecked: true,
  done: [{ name: 'r2', seconds: 40, changes: [] }],
  node: null,
  pausedAfter: null,
  changes: {},
  ...changes,
});
const manifestOf = (changes: object = {}) =>
  `${JSON.stringify({
    format: 1,
    kind: 'release',
    architecture: 'amd64',
    name: 'release/0.4.1-b',
    version: NEW,
    signature: `${'A'.repeat(86)}==`,
    files: { [RELEASE_FILE]: { size: 4, sha256: 'c'.repeat(64) } },
    ...changes,
  })}\n`;

describe('an upgrade', () => {
  it('is an affair of admins; everybody who watches sees it', async () => {
    for (const path of ['/upgrade', '/upgrade/resume', '/upgrade/back'])
      expect(await site.call('POST', path, { body: {}, role: 'operator' }), path).toMatchObject({ status: 403 });
    expect(await site.call('GET', '/upgrade', { role: 'auditor' })).toMatchObject({ status: 404 });
    expect(await site.call('GET', '/upgrade', { role: 'user' })).toMatchObject({ status: 403 });
  });

  it('is none before the first, and says how to start', async () => {
    for (const [method, path] of [
      ['GET', '/upgrade'],
      ['POST', '/upgrade/resume'],
      ['POST', '/upgrade/back'],
    ] as const)
      expect(await call(method, path), path).toMatchObject({
        status: 404,
        body: { detail: 'Nothing was upgraded yet. Start: regent upgrade ARCHIVE' },
      });
  });

  it('needs a whole archive, and a cluster', async () => {
    const unknown = await call('POST', '/upgrade', { image: 'f'.repeat(64) });
    expect(unknown).toMatchObject({ status: 404, body: { detail: expect.stringContaining('of the kind release') } });
    const made = await call('POST', '/images', { manifest: manifestOf() });
    expect(made).toMatchObject({ status: 201, body: { image: { kind: 'release', kernel: '' } } });
    const { digest } = (made.body as { image: { digest: string } }).image;
    const partial = await call('POST', '/upgrade', { image: digest });
    expect(partial).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('No region node has the whole') },
    });
    expect(await call('POST', '/upgrade', {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/not a cluster|no node|does not report/) },
    });
    expect(await call('POST', `/images/${digest}/default`)).toMatchObject({ status: 409 });
  });

  it.each([
    ['a version that is none', { version: '../x' }, /is not a version/],
    ['no signature', { signature: 'x' }, /not an Ed25519 signature/],
    [
      'another file',
      { files: { 'x.tar': { size: 1, sha256: 'c'.repeat(64) } } },
      /a release has one file, release.tar.gz/,
    ],
    ['no name', { name: null }, /needs a name/],
  ])('takes no archive with %s', async (_name, changes, sentence) => {
    const answer = await call('POST', '/images', { manifest: manifestOf(changes) });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toMatch(sentence);
  });

  it('shows where it stopped, node by node, and how to go on and back', async () => {
    await ended(orderFor(), 'failed', progress({ node: { name: 'r3', since: 1, isInstalled: false } }));
    expect(await call('GET', '/upgrade')).toMatchObject({
      status: 200,
      body: {
        state: 'stopped',
        version: NEW,
        sentence: 'as it ended.',
        next: 'go on: regent upgrade resume; go back: regent upgrade back',
        nodes: [
          { name: 'r2', state: 'done', seconds: 40, from: OLD },
          { name: 'r3', state: 'working', seconds: null },
          { name: 'r1', state: 'next' },
          { name: 'k1', state: 'next', role: 'rack' },
        ],
      },
    });
    for (const path of ['/upgrade/resume', '/upgrade/back'])
      expect(await call('POST', path), path).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('no longer exists') },
      });
  });

  it('does not go on when it is done, nor back when it only checked or changed packages', async () => {
    const all = orderFor().nodes.map(({ name }) => ({ name, seconds: 1, changes: [] }));
    await ended(orderFor(), 'done', progress({ done: all }));
    expect(await call('GET', '/upgrade')).toMatchObject({
      body: { state: 'done', next: 'go back: regent upgrade back' },
    });
    expect(await call('POST', '/upgrade/resume')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is done') },
    });
    await ended(orderFor({ isCheckOnly: true }), 'done', progress({ done: [] }));
    expect(await call('GET', '/upgrade')).toMatchObject({ body: { state: 'done', next: '' } });
    expect(await call('POST', '/upgrade/resume')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('only checked') },
    });
    expect(await call('POST', '/upgrade/back')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('nothing to take back') },
    });
    await ended(orderFor({ kind: 'packages', archive: null }), 'done', progress({}));
    expect(await call('POST', '/upgrade/back')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('cannot be taken back') },
    });
  });

  it('shows a pause, and that it has stopped when its checkpoint is of another release', async () => {
    await ended(orderFor(), 'done', progress({ pausedAfter: 'r2' }));
    expect(await call('GET', '/upgrade')).toMatchObject({ body: { state: 'paused' } });
    await ended(orderFor(), 'failed', { of: 'another release' });
    expect(await call('GET', '/upgrade')).toMatchObject({
      body: { state: 'stopped', nodes: [{ state: 'next' }, {}, {}, {}] },
    });
  });
});
