import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, problem, run } from '../fake-region.ts';

const AT = '2026-03-01T09:58:00.123Z';
const line = (text: string, level = 'info') => ({ at: AT, program: 'named', level, text });
const log = (items: unknown[], more: object = {}) => ({
  body: { node: 'r1', part: 'dns', items, cursor: 's=1;i=2', isCut: false, why: null, ...more },
});

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (text: string) => run(region, text.split(' '));

describe('regent node logs', () => {
  it('prints the lines of a part, as text that forges none, or as data', async () => {
    region.on('GET /nodes/r1/logs/dns', log([line('loaded'), line('no\u001b[2J', 'warning')]));
    const { code, out } = await regent('node logs r1 dns --lines 20');
    expect(code).toBe(0);
    expect(out).toBe(`${AT} named: loaded\n${AT} named warning: no\\x1b[2J\n`);
    expect(Object.fromEntries(region.seen.at(-1)?.query ?? [])).toEqual({ lines: '20' });
    const data = await regent('node logs r1 dns -o json');
    expect(JSON.parse(data.out)).toMatchObject({ items: [{ text: 'loaded' }, { level: 'warning' }], why: null });
    expect(await regent('node logs r1 dns --lines 501')).toMatchObject({ code: 2 });
    expect(await regent('node logs r1 dns -f -o csv')).toMatchObject({ code: 2 });
  });

  it('says why there are none, and that there is no such part', async () => {
    region.on('GET /nodes/r1/logs/dns', log([], { cursor: null, why: 'The agent of r1 did not answer within 5 s.' }));
    expect(await regent('node logs r1 dns')).toEqual({
      code: 1,
      out: '',
      err: 'regent: The agent of r1 did not answer within 5 s.\n',
    });
    region.on('GET /nodes/r1/logs/x', problem(404, 'not_found', 'There is no part "x".'));
    expect(await regent('node logs r1 x')).toMatchObject({ code: 3 });
  });

  it('follows: each line once, from the place of the last one; a silent agent says so once', async () => {
    const interrupt = new AbortController();
    const answers = [
      log([line('one')]),
      log([line('two')], { cursor: 's=1;i=3', isCut: true }),
      log([], { cursor: 's=1;i=3', why: 'It is silent.' }),
      log([], { cursor: 's=1;i=3', why: 'It is silent.' }),
      log([line('three')], { cursor: 's=1;i=4' }),
    ];
    region.reply('GET /nodes/r1/logs/dns', () => {
      const next = answers.shift();
      if (next === undefined) interrupt.abort(new Error('interrupted'));
      return next ?? log([]);
    });
    const { out, err } = await run(region, 'node logs r1 dns --follow --lines 1 -o json'.split(' '), {
      interrupted: interrupt.signal,
    });
    const texts = out
      .trim()
      .split('\n')
      .map((text) => (JSON.parse(text) as { text: string }).text);
    expect(texts).toEqual(['one', 'two', 'three']);
    expect(err.match(/It is silent/g)).toHaveLength(1);
    expect(region.seen.map(({ query }) => [query.get('lines'), query.get('after')])).toEqual([
      ['1', null],
      ['500', 's=1;i=2'],
      ['500', 's=1;i=3'],
      ['500', 's=1;i=3'],
      ['500', 's=1;i=3'],
      ['500', 's=1;i=4'],
    ]);
  });
});
