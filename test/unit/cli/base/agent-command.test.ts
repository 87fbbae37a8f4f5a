import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const AT = '2026-03-01T09:58:00.000Z';
const COMMAND = {
  id: 12,
  node: 'k1',
  kind: 'probe-address',
  args: { address: '10.88.0.3', port: null },
  state: 'waiting',
  sentence: null as string | null,
  result: null as unknown,
  caller: 'ada',
  epoch: 0,
  createdAt: AT,
  claimedAt: null as string | null,
  deadline: '2026-03-01T09:58:10.000Z',
  endedAt: null as string | null,
};
const ended = (state: string, sentence: string, result: unknown) => ({
  ...COMMAND,
  state,
  sentence,
  result,
  epoch: 1,
  claimedAt: AT,
  endedAt: AT,
});
const REACHED = { isReachable: true, way: 'rmcp', port: 623, ms: 0.6, why: '' };

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('commands of agents on the command line', () => {
  it('are listed and shown', async () => {
    region.on('GET /commands', page(COMMAND, { ...ended('done', 'It is there.', REACHED), id: 11 }));
    const { code, out } = await regent('command list --node k1 --unfinished --kind probe-address --state waiting');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'ID  NODE  KIND           STATE    CREATED               BY   HOW',
      '12  k1    probe-address  waiting  2026-03-01 09:58:00Z  ada  -',
      '11  k1    probe-address  done     2026-03-01 09:58:00Z  ada  It is there.',
    ]);
    const query = { limit: '20', unfinished: 'true', kind: 'probe-address', state: 'waiting', node: 'k1' };
    expect(Object.fromEntries(region.seen.at(-1)?.query ?? [])).toEqual(query);
    expect(await regent('command list --limit 0')).toMatchObject({ code: 2, out: '' });
    region.on('GET /commands/11', { body: { ...ended('done', 'It is there.', REACHED), id: 11 } });
    const shown = await regent('command show 11');
    expect(shown.out).toMatch(/^Command: +11: probe-address on k1$/m);
    expect(shown.out).toMatch(/^Result: +\{"isReachable":true,/m);
    region.on('GET /commands/13', problem(404, 'not_found', 'There is no command "13".'));
    expect(await regent('command show 13')).toMatchObject({ code: 3 });
  });

  it('ask a node for an address, and go on at once', async () => {
    region.on('POST /nodes/k1/probe', { status: 202, body: COMMAND });
    expect(await regent('node probe k1 10.88.0.3 --port 443 --seconds 5')).toMatchObject({
      code: 0,
      out: 'probe requested from k1: regent command show 12\n',
    });
    expect(region.seen.at(-1)?.body).toEqual({ address: '10.88.0.3', port: 443, seconds: 5 });
    expect(await regent('node probe k1 10.88.0.3 --port x')).toMatchObject({ code: 2 });
  });

  it.each([
    ['done', '10.88.0.3 is reachable: it answers RMCP (IPMI), after 0.6 ms.', REACHED, 0],
    ['done', '10.88.0.3 is not reachable: no answer within 9.8 s.', { ...REACHED, isReachable: false }, 1],
    ['expired', 'The agent of k1 did not take it before its deadline: it never reported.', null, 1],
  ] as const)('wait for the answer: %s, %s', async (state, sentence, result, code) => {
    region.on('POST /nodes/k1/probe', { status: 202, body: COMMAND });
    let looks = 0;
    region.reply('GET /commands/12', () => {
      looks += 1;
      return { body: looks === 1 ? COMMAND : ended(state, sentence, result) };
    });
    expect(await regent('node probe k1 10.88.0.3 --wait')).toMatchObject({ code, out: `k1: ${sentence}\n` });
    region.on('GET /commands/12', { body: ended(state, sentence, result) });
    const json = await regent('node probe k1 10.88.0.3 --wait -o json');
    expect(json.code).toBe(code);
    expect(JSON.parse(json.out)).toMatchObject({ id: 12, state, sentence });
  });

  it('say what to do about a node that is not there', async () => {
    region.on('POST /nodes/k9/probe', problem(404, 'not_found', 'There is no node "k9".'));
    const { code, err } = await regent('node probe k9 10.88.0.3 --wait');
    expect(code).toBe(3);
    expect(err).toContain('regent node list');
  });
});
