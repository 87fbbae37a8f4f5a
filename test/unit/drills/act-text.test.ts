import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/drills/hazards/catalogue.ts';
import type { Act } from '../../../src/drills/hazards/hazard.ts';
import { chanceOf } from '../../../src/drills/run/chance.ts';
import { relativeTo } from '../../../src/judge/relative.ts';
import { clusterEventOf } from '../../../src/drills/run/watch/cluster-events.ts';
import { runsOf } from '../../../src/drills/run/watch/writables.ts';
import { actText, isHealing } from '../../../src/drills/run/act-text.ts';
import { openSpanBook } from '../../../src/drills/run/watch/spans.ts';

const CAST = {
  regions: ['r1', 'r2', 'r3'],
  racks: ['k1', 'k2'],
  primary: 'r2',
  standbys: ['r1', 'r3'],
  holder: 'r1',
  etcdLeader: 'r3',
};

describe('the words of an act', () => {
  it.each<[Act, string]>([
    [{ do: 'signal', host: 'r1', unit: 'regent-regiond.service', signal: 'STOP' }, 'STOP regiond on r1'],
    [{ do: 'cut', host: 'r1' }, 'cut r1'],
    [{ do: 'cut', host: 'k1', network: 'vlan10' }, 'cut k1 from vlan10'],
    [{ do: 'partition', sides: [['r1'], ['r2', 'r3']] }, 'partition r1 | r2,r3'],
    [{ do: 'pause', host: 'k1', ms: 800 }, 'pause k1 for 0.8 s'],
    [{ do: 'heal' }, 'heal everything'],
  ])('%o', (act, text) => expect(actText(act)).toBe(text));

  it('are there for every step of every hazard, and the last ones take everything away', () => {
    for (const hazard of CATALOGUE) {
      const acts = hazard.steps(CAST, chanceOf(3)).map(({ act }) => act);
      for (const act of acts) expect(actText(act)).toMatch(/^[\w%/@.,| -]+$/);
      expect(
        acts.some((act) => !isHealing(act)),
        hazard.id,
      ).toBe(true);
    }
  });
});

describe('what journals tell', () => {
  const entry = (fields: object) =>
    JSON.stringify({ __MONOTONIC_TIMESTAMP: '5000123', SYSLOG_IDENTIFIER: 'patroni', ...fields });

  it('is an event when it is one', () => {
    expect(clusterEventOf('r1', entry({ MESSAGE: 'INFO: promoted self to leader by acquiring session lock' }))).toEqual(
      {
        at: 5000.123,
        host: 'r1',
        kind: 'promotion',
        text: 'INFO: promoted self to leader by acquiring session lock',
      },
    );
    const moved = { SYSLOG_IDENTIFIER: 'Keepalived_vrrp', MESSAGE: '(regent) Entering MASTER STATE' };
    expect(clusterEventOf('r2', entry(moved))).toMatchObject({ host: 'r2', kind: 'vip' });
  });

  it.each([
    'no JSON',
    '[]',
    entry({ MESSAGE: 'INFO: no action. I am (r1), the leader with the lock' }),
    entry({ MESSAGE: [80, 81] }),
    entry({ SYSLOG_IDENTIFIER: 'cron', MESSAGE: 'promoted self to leader' }),
  ])('%s is none', (line) => expect(clusterEventOf('r1', line)).toBeNull());
});

describe('spans', () => {
  it('of acknowledgements break where they stay away', () => {
    expect(runsOf([])).toEqual([]);
    expect(runsOf([10, 110, 220, 900, 1000])).toEqual([
      { from: 10, to: 220 },
      { from: 900, to: 1000 },
    ]);
    expect(runsOf([7])).toEqual([{ from: 7, to: 7 }]);
  });

  it('open once and close once, and end with the recording', () => {
    const book = openSpanBook();
    book.close('r1', 1);
    book.open('r1', 2);
    book.open('r1', 3);
    book.close('r1', 4);
    book.close('r1', 5);
    book.open('r2', 6);
    expect(book.all(9)).toEqual([
      { host: 'r1', from: 2, to: 4 },
      { host: 'r2', from: 6, to: 9 },
    ]);
    expect(book.all(3)).toEqual([{ host: 'r1', from: 2, to: 3 }]);
  });
});

describe('relative times', () => {
  it('count every moment from zero, and leave out what was done before', () => {
    const timeline = relativeTo(1000, {
      hazard: 'x',
      round: 1,
      seed: 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      cast: CAST,
      marks: [{ at: 1500.06, kind: 'fault', host: null, text: 'kill r1' }],
      lanes: [{ probe: 'write', samples: [{ sentAt: 1001, endedAt: 1002.25, why: 'timeout' }] }],
      ledger: { acknowledged: [1], ambiguous: [], refused: [], found: {}, local: {}, foundLocal: {} },
      holdings: [{ host: 'r1', from: 900, to: 1500 }],
      writables: [],
      absences: [{ host: 'r1', from: 1500, to: 1700 }],
      deeds: [
        { at: 10, host: 'r1', kind: 'promotion', text: 'of an earlier boot' },
        { at: 1600, host: 'r2', kind: 'promotion', text: 'now' },
      ],
      healedAt: 1700,
      redundantAt: null,
      endedAt: 2000,
    });
    expect(timeline).toMatchObject({
      marks: [{ at: 500.1 }],
      lanes: [{ samples: [{ sentAt: 1, endedAt: 2.3, why: 'timeout' }] }],
      holdings: [{ from: -100, to: 500 }],
      absences: [{ from: 500, to: 700 }],
      deeds: [{ at: 600, text: 'now' }],
      healedAt: 700,
      redundantAt: null,
      endedAt: 1000,
    });
  });
});
