import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLAIM_PATH, type ClaimAnswer, reportPath } from '../../../src/contract/base/command.ts';
import type { Preview } from '../../../src/contract/base/common.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { CHECK_SECONDS } from '../../../src/region/networks/dhcp/kea-check.ts';
import { createNode, setNodeCredential } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation } from '../../kit/observation.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { serveAllVlans } from '../../kit/serving-rack.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

/** A dry run of a change to DHCP snippets gives the answer of the Kea of a rack, through the agent's protocol and the database. */

const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;
const admin = (text: string) => pg.get().admin<{ count: number }>(text, site.connection.database);
const k1 = { id: 'k1', name: 'k1' };

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  endTasks = site.region.startTasks();
  await made('/subnets', { cidr: '10.20.0.0/24', name: 'lab' });
  value(
    await change(site.db, async (tx) => {
      const node = await createNode(tx, { ...k1, isRegion: false, isRack: true, addresses: [] });
      await setNodeCredential(tx, 'k1', secretDigest(NODE_SECRET));
      return node;
    }),
  );
  await serveAllVlans(pg.get(), site.connection.database, 'k1');
  await report();
  await made('/dhcp-snippets', { name: 'clock', text: '{"renew-timer":100}' });
});
afterAll(async () => {
  await endTasks();
  await site.close();
});
beforeEach(async () => {
  await admin('delete from commands');
  await report();
});

async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  expect(answer.status, answer.raw).toBe(201);
}
async function report() {
  const observation = anObservation('k1');
  const nic = { name: 'eth1', mac: '02:00:00:00:00:01', addresses: ['10.20.0.1'], isUp: true, hasCarrier: true };
  const facts = { ...observation.facts, interfaces: [nic] };
  value(await site.db.repeatable((tx) => storeObservation(tx, k1, { ...observation, facts })));
}
async function asAgent(url: string, body: object) {
  const answer = await site.agentApi.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer node:k1:${NODE_SECRET}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (answer.body === '' ? {} : JSON.parse(answer.body)) as unknown };
}
const claim = async (kinds = ['check-dhcp']) =>
  ((await asAgent(CLAIM_PATH, { key: realRandom.hex(16), kinds, limit: 8 })).body as ClaimAnswer).commands;
/** The next question that the agent of k1 takes. */
const taken = () => until('a question', async () => (await claim())[0]);
const open = () => until('a question waits', async () => ((await admin(COUNT))[0]?.count ?? 0) > 0);
const COUNT = 'select count(*)::int as count from commands';

const ACCEPTED = { isAccepted: true, why: '', line: null, parts: [], unseen: [] };
const done = (result: object) => ({ epoch: 1, state: 'done', sentence: 'x', result });

/** A dry run: how long it took, and what Kea says. */
async function rehearse(path = '/dhcp-snippets', body: object = { name: 'new', text: '{"rebind-timer":200}' }) {
  const since = performance.now();
  const answer = await site.call('POST', `${path}?dry_run=true`, { body });
  expect(answer.status, answer.raw).toBe(200);
  const findings = (answer.body as unknown as Preview).nodes.flatMap((node) =>
    node.findings.map((finding) => ({ node: node.node, ...finding })),
  );
  const kea = findings.filter(({ code }) => code.startsWith('kea_'));
  return { ms: performance.now() - since, kea, sentence: kea[0]?.sentence ?? '' };
}

describe('a dry run of a snippet', () => {
  it('asks the rack with the configuration as it would be, and warns of nothing when Kea takes it', async () => {
    const answer = rehearse();
    const question = await taken();
    expect(question).toMatchObject({
      kind: 'check-dhcp',
      args: {
        service: 'dhcp',
        desired: { snippets: [{ name: 'clock' }, { name: 'new', text: '{"rebind-timer":200}' }] },
      },
    });
    expect((await asAgent(reportPath(question.id), done(ACCEPTED))).status).toBe(204);
    expect((await answer).kea).toEqual([]);
    await until('the question is gone', async () => (await admin(COUNT))[0]?.count === 0);
    // Nothing of it was stored.
    expect((await site.call('GET', '/dhcp-snippets/new')).status).toBe(404);
  });

  it('warns of the snippet that Kea refuses, with its line', async () => {
    const answer = rehearse();
    const { id } = await taken();
    const parts = [{ name: 'snippet new', why: 'no such timer', remedy: 'Change it.' }];
    await asAgent(reportPath(id), done({ ...ACCEPTED, isAccepted: false, why: 'no such timer', line: 40, parts }));
    expect((await answer).kea).toEqual([
      {
        node: 'k1',
        service: 'dhcp',
        code: 'kea_refuses',
        severity: 'warning',
        subject: 'snippet new',
        sentence: 'Kea on k1 refuses the snippet new: no such timer (line 40 of /etc/kea/regent/kea-dhcp4.conf).',
        remedy: 'Change it.',
      },
    ]);
  });

  it('asks nobody about other changes', async () => {
    const { kea, ms } = await rehearse('/reservations', { address: '10.20.0.77', mac: '52:54:00:00:00:77' });
    expect([kea, ms < CHECK_SECONDS * 1000]).toEqual([[], true]);
    expect(await admin(COUNT)).toEqual([{ count: 0 }]);
  });

  it('says at once that the rack is of an earlier release, or could not', async () => {
    const early = rehearse();
    await open();
    await claim(['probe-free']);
    expect((await early).sentence).toContain('does not know this kind of command: it is of an earlier release');
    const failed = rehearse();
    const { id } = await taken();
    await asAgent(reportPath(id), { epoch: 1, state: 'failed', sentence: 'The checker did not start: ENOENT' });
    expect((await failed).sentence).toBe('Kea on k1 has not judged this change: the checker did not start: ENOENT.');
  });

  it('is answered at the deadline when the rack dies at work, and no connection waits for it', {
    timeout: 30_000,
  }, async () => {
    const answer = rehearse();
    await taken();
    const { sentence, ms } = await answer;
    expect(sentence).toBe(
      `Kea on k1 has not judged this change: the agent of k1 did not answer within ${CHECK_SECONDS} s.`,
    );
    expect(ms).toBeLessThan(CHECK_SECONDS * 1000 + 1500);
  });

  it('goes on when the agent was restarted at work', async () => {
    const answer = rehearse();
    const { id } = await taken();
    await asAgent(reportPath(id), { epoch: 1, state: 'interrupted', sentence: 'The agent restarted.' });
    const again = await taken();
    expect([again.id, again.epoch]).toEqual([id, 2]);
    await asAgent(reportPath(id), { ...done(ACCEPTED), epoch: 2 });
    expect((await answer).kea).toEqual([]);
  });

  it('takes no answer of a megabyte, and none of another shape', async () => {
    const large = rehearse();
    const { id } = await taken();
    await asAgent(reportPath(id), done({ ...ACCEPTED, isAccepted: false, why: 'x'.repeat(1_000_000) }));
    expect((await large).sentence).toMatch(/its result has 10000\d\d bytes\. Rule: at most 65536\.$/i);
    const strange = rehearse();
    const next = await taken();
    await asAgent(reportPath(next.id), done({ isAccepted: 'yes' }));
    expect((await strange).sentence).toContain('a result that check-dhcp does not have');
  });

  it('is asked several times at once: each has its own answer, and more than four have none', {
    timeout: 30_000,
  }, async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const all = Promise.all(
      names.map((name) => rehearse('/dhcp-snippets', { name, text: `{"boot-file-name":"${name}"}` })),
    );
    const questions = new Map<string, number>();
    await until('four questions', async () => {
      for (const { id, args } of await claim()) {
        const { snippets = [] } = (args as { desired: { snippets?: { name: string }[] } }).desired;
        questions.set(snippets.at(-1)?.name ?? '', id);
      }
      return questions.size === 4;
    });
    for (const [name, id] of questions) {
      const parts = [{ name: `snippet ${name}`, why: `not ${name}`, remedy: '' }];
      await asAgent(reportPath(id), done({ ...ACCEPTED, isAccepted: false, why: 'no', parts }));
    }
    const answers = (await all).map(({ sentence }, index) => [names[index], sentence] as const);
    for (const [name, sentence] of answers)
      expect(sentence).toContain(questions.has(name ?? '') ? `refuses the snippet ${name}: not ${name}` : 'are open');
  });

  it('says so at once when no rack is alive', async () => {
    await admin(`update node_observations set reported_at = now() - interval '1 minute'`);
    const { sentence, ms } = await rehearse();
    expect(sentence).toBe('Kea on k1 has not judged this change: the agent of k1 does not report.');
    expect(ms).toBeLessThan(CHECK_SECONDS * 500);
    expect(await admin(COUNT)).toEqual([{ count: 0 }]);
  });
});
