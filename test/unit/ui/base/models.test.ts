import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../../../src/contract/base/wire/transport.ts';
import type { Problem } from '../../../../src/contract/base/common.ts';
import { linkTo, parsePlace, placeText } from '../../../../src/ui/models/base/address.ts';
import {
  afterFailure,
  diffLines,
  fieldProblem,
  hasErrors,
  plannedWork,
  previewCounts,
  whileAway,
} from '../../../../src/ui/models/base/change.ts';
import { keyAction } from '../../../../src/ui/models/base/keys.ts';
import {
  badgeOf,
  callAnswered,
  callFailed,
  linkAfter,
  NO_CALLS,
  releaseSeen,
} from '../../../../src/ui/models/base/link.ts';
import {
  filtered,
  nextSort,
  parseSort,
  sorted,
  sortText,
  textsOf,
  windowOf,
} from '../../../../src/ui/models/base/table.ts';
import { ago, clockOffset, clockTime, duration, span, stamp } from '../../../../src/ui/models/base/time.ts';
import { answered, loading, mapView, refusedView, unanswered } from '../../../../src/ui/models/base/view.ts';

const PROBLEM: Problem = {
  type: 'about:blank',
  title: '',
  status: 422,
  code: 'invalid_value',
  detail: 'no',
  requestId: '1',
  fields: [
    {
      field: 'interfaces/0/mac',
      problem: 'it is no MAC',
      rule: 'six pairs',
    },
  ],
};

describe('a view', () => {
  it('keeps data that is old, and says from when', () => {
    const shown = answered('a', 5);
    expect(unanswered(shown, 'gone')).toEqual({ kind: 'old', data: 'a', at: 5, why: 'gone' });
    expect(unanswered(unanswered(shown, 'gone'), 'still')).toEqual({ kind: 'old', data: 'a', at: 5, why: 'still' });
    expect(unanswered(loading(1), 'gone')).toEqual({ kind: 'loading', since: 1, why: 'gone' });
    expect(unanswered(refusedView(PROBLEM), 'gone')).toEqual({ kind: 'refused', problem: PROBLEM });
    expect(mapView(unanswered(shown, 'x'), (text) => text.length)).toEqual({ kind: 'old', data: 1, at: 5, why: 'x' });
  });
});

describe('the badge', () => {
  const up = { isUp: true, since: 1, why: '', node: 'r1', version: '1' };
  it.each([
    [null, NO_CALLS, 'connecting'],
    [up, NO_CALLS, 'live'],
    [up, callFailed(NO_CALLS, 7, 'slow'), 'held'],
    [{ ...up, isUp: false }, callFailed(NO_CALLS, 7, 'slow'), 'lost'],
    [up, callAnswered(), 'live'],
  ] as const)('%o %o', (link, health, kind) => {
    expect(badgeOf(link, health).kind).toBe(kind);
  });

  it('counts from the first failure', () => {
    const twice = callFailed(callFailed(NO_CALLS, 7, 'a'), 9, 'b');
    expect(badgeOf(up, twice)).toEqual({ kind: 'held', since: 7, why: 'b' });
    expect(linkAfter(up, { isUp: true, why: '', node: 'r1', version: '1' }, 9)).toBe(up);
    expect(linkAfter(up, { isUp: true, why: '', node: 'r2', version: '1' }, 9)).toEqual({ ...up, node: 'r2' });
    expect(linkAfter(up, { isUp: false, why: 'x', node: '', version: '' }, 9).since).toBe(9);
  });
});

describe('releases', () => {
  it('tell of a newer one only when it answers', () => {
    const first = releaseSeen({ own: '', isNewer: false }, '1');
    expect(first).toEqual({ own: '1', isNewer: false });
    expect(releaseSeen(first, '')).toBe(first);
    expect(releaseSeen(first, '2').isNewer).toBe(true);
    expect(releaseSeen(releaseSeen(first, '2'), '1').isNewer).toBe(false);
  });
});

describe('times', () => {
  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [47 * 3_600_000, '47 h'],
    [48 * 3_600_000, '2 d'],
    [-5, '0 s'],
  ])('%d ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it('shows what is no time as it is', () => {
    expect(ago('yesterday', 0)).toBe('yesterday');
    expect(stamp('yesterday')).toBe('yesterday');
    expect(stamp('2026-03-01T10:00:00.123Z')).toBe('2026-03-01 10:00:00Z');
    expect(clockTime(0)).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(duration(400)).toBe('0.4 s');
  });

  it('knows a clock that is off by a day, and not one that is off by a moment', () => {
    const at = Date.parse('2026-03-01T10:00:00Z');
    expect(clockOffset('Mon, 02 Mar 2026 10:00:00 GMT', at)).toBe(86_400_000);
    expect(clockOffset('Sun, 01 Mar 2026 10:00:03 GMT', at)).toBe(0);
    expect(clockOffset(null, at)).toBe(0);
    expect(clockOffset('nonsense', at)).toBe(0);
  });
});

describe('an address', () => {
  it('is read as it was written, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: 'binary' })),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1 })),
        (path, query) => {
          const read = parsePlace(`#${placeText({ path, query })}`);
          expect(read.path).toEqual(path);
          expect(read.query).toEqual({ ...query });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is a place, whatever somebody typed', () => {
    fc.assert(fc.property(fc.string(), (hash) => Array.isArray(parsePlace(hash).path)));
    expect(parsePlace('#/nodes/%E0%A4%A').path).toEqual(['nodes', '%E0%A4%A']);
    expect(linkTo(['services', 'r1', 'dhcp@vlan10'])).toBe('#/services/r1/dhcp%40vlan10');
  });
});

describe('a table', () => {
  const rows = [{ n: 'r10' }, { n: 'r2' }, { n: null }, { n: 'R1' }];
  it('sorts names with numbers as people do, and what has none last', () => {
    expect(sorted(rows, false, (row) => row.n).map((row) => row.n)).toEqual(['R1', 'r2', 'r10', null]);
    expect(sorted(rows, true, (row) => row.n).map((row) => row.n)).toEqual(['r10', 'r2', 'R1', null]);
  });

  it('filters by every word', () => {
    const texts = textsOf(rows, [
      { id: 'n', value: (row) => row.n },
      { id: 'role', value: () => 'region' },
    ]);
    expect(filtered(rows, ' R1  REG ', texts)).toHaveLength(2);
    expect(filtered(rows, '', texts)).toBe(rows);
    expect(filtered(rows, 'rack', texts)).toEqual([]);
    expect(filtered(rows, 'n:r1', texts)).toHaveLength(2);
    expect(filtered(rows, 'role:r1', texts)).toEqual([]);
    expect(filtered(rows, 'other:r1', texts)).toEqual([]);
  });

  it('has its sort in the address', () => {
    expect(parseSort('-name', ['name'])).toEqual({ column: 'name', isDown: true });
    expect(parseSort('other', ['name'])).toBeNull();
    expect(sortText(nextSort({ column: 'name', isDown: false }, 'name'))).toBe('-name');
    expect(nextSort(null, 'name')).toEqual({ column: 'name', isDown: false });
  });

  it('makes the rows that are seen, and never more than there are', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(600_000), fc.nat(2000), (count, top, height) => {
        const { first, end } = windowOf(count, { top, height, rowHeight: 30 });
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(count);
        expect(end - first).toBeLessThanOrEqual(height / 30 + 23);
      }),
    );
    expect(windowOf(10_000, { top: 3000, height: 600, rowHeight: 30 })).toEqual({ first: 90, end: 130 });
  });
});

describe('keys', () => {
  const state = { isPrefixed: false, isOff: false, letters: ['n'] };
  const press = (key: string, rest = {}) => ({ key, hasModifier: false, isTyped: false, ...rest });
  it('mean nothing inside inputs, with modifiers, and when they are off', () => {
    expect(keyAction(press('g'), state)).toEqual({ kind: 'prefix' });
    expect(keyAction(press('n'), { ...state, isPrefixed: true })).toEqual({ kind: 'page', letter: 'n' });
    expect(keyAction(press('z'), { ...state, isPrefixed: true })).toEqual({ kind: 'none' });
    expect(keyAction(press('/'), state)).toEqual({ kind: 'search' });
    for (const silent of [press('/', { isTyped: true }), press('/', { hasModifier: true })])
      expect(keyAction(silent, state)).toEqual({ kind: 'none' });
    expect(keyAction(press('/'), { ...state, isOff: true })).toEqual({ kind: 'none' });
    expect(keyAction(press('Escape', { isTyped: true }), state)).toEqual({ kind: 'back' });
    expect(keyAction(press('constructor'), state)).toEqual({ kind: 'none' });
  });
});

describe('a change', () => {
  const preview = { dryRun: true as const, object: { progress: 'hands on' }, nodes: [] };
  const file = { service: 'dns', target: '/x', change: 'changed' as const, diff: '' };
  const error = { service: 'dns', code: 'c', severity: 'error' as const, subject: '', sentence: '' };

  it('tells a refusal from a site that did not answer', () => {
    expect(afterFailure(new ProblemError(PROBLEM), preview)).toEqual({ kind: 'refused', problem: PROBLEM, preview });
    const meanwhile = { ...PROBLEM, status: 412 };
    expect(afterFailure(new ProblemError(meanwhile), null)).toEqual({ kind: 'changed-meanwhile', problem: meanwhile });
    expect(afterFailure(new ProblemError({ ...PROBLEM, status: 503 }), null)).toMatchObject({
      kind: 'unsure',
      why: 'no',
    });
    expect(afterFailure(new Error('gone'), null)).toEqual({ kind: 'unsure', why: 'gone', preview: null });
  });

  it('waits only while it is on its way', () => {
    expect(whileAway({ kind: 'applying', preview, why: '' }, 'away')).toEqual({
      kind: 'applying',
      preview,
      why: 'away',
    });
    expect(whileAway({ kind: 'form' }, 'away')).toEqual({ kind: 'form' });
  });

  it('counts files and knows errors', () => {
    const nodes = [
      { node: 'r1', files: [file, file], findings: [] },
      { node: 'r2', files: [], findings: [error] },
    ];
    expect(previewCounts({ ...preview, nodes })).toEqual({ files: 2, nodes: 1 });
    expect(hasErrors({ ...preview, nodes })).toBe(true);
    expect(hasErrors(preview)).toBe(false);
    expect(plannedWork(preview)).toBe('hands on');
    expect(plannedWork({ ...preview, object: { name: 'x' } })).toBeNull();
  });

  it('puts a problem beside its field', () => {
    expect(fieldProblem(PROBLEM, 'interfaces')).toBe('it is no MAC. Rule: six pairs');
    expect(fieldProblem(PROBLEM, 'name')).toBeNull();
    expect(fieldProblem(null, 'name')).toBeNull();
  });

  it('reads a diff, with lines that look like its head', () => {
    const lines = diffLines('--- a\n+++ b\n@@ -1 +1,2 @@\n-- old\n+-- new\n same\n');
    expect(lines.map((line) => line.kind)).toEqual(['place', 'removed', 'added', 'same']);
    expect(diffLines('@@ @@\n--- x\n').map((line) => line.kind)).toEqual(['place', 'removed']);
  });
});
