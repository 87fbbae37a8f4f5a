import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Starvation, waitsOf } from '../../../ha/kit/starved.ts';

/** Judges answers that come a second apart; `waits`: of each thread at each answer, ms. */
function judged(answers: readonly ('answered' | 'refused' | 'silent')[], waits: readonly Record<string, number>[]) {
  let turn = 0;
  const starvation = new Starvation(
    () => [7],
    () => new Map(Object.entries(waits[turn] ?? {})),
  );
  return answers.map((answer, index) => {
    turn = index;
    return starvation.judge(answer === 'silent', 5000 + index * 1000);
  });
}

describe('silent, and starved or not', () => {
  it('is starved when its processes waited most of the time since the first silence, however they share it', () => {
    expect(judged(['silent', 'silent'], [{ a: 9000 }, { a: 9500 }])).toEqual([false, true]);
    expect(
      judged(
        ['silent', 'silent'],
        [
          { a: 9000, b: 0 },
          { a: 9250, b: 250 },
        ],
      ),
    ).toEqual([false, true]);
    // One that began meanwhile, and one that ended.
    expect(judged(['silent', 'silent'], [{ a: 9000 }, { b: 600 }])).toEqual([false, true]);
  });

  it('hangs when nobody waited, whatever was waited for before', () => {
    expect(judged(['silent', 'silent', 'silent'], [{ a: 9000 }, { a: 9400 }, { a: 9400 }])).toEqual([
      false,
      false,
      false,
    ]);
    expect(judged(['silent', 'silent'], [{ a: 90_000 }, {}])).toEqual([false, false]);
  });

  it('hangs after all when it stops waiting', () => {
    const waits = [{ a: 0 }, { a: 1000 }, { a: 1000 }, { a: 1000 }];
    expect(judged(['silent', 'silent', 'silent', 'silent'], waits)).toEqual([false, true, true, false]);
  });

  it.each(['answered', 'refused'] as const)('begins anew when it has %s', (answer) => {
    const waits = [{ a: 0 }, { a: 5000 }, { a: 5000 }, { a: 5100 }];
    expect(judged(['silent', answer, 'silent', 'silent'], waits)).toEqual([false, false, false, false]);
  });
});

describe('how long processes have waited', () => {
  let proc = '';
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'regent-waits-'));
  });
  afterEach(() => rmSync(proc, { recursive: true }));
  const write = (thread: string, text: string) => {
    mkdirSync(join(proc, thread), { recursive: true });
    writeFileSync(join(proc, thread, 'schedstat'), text);
  };

  it('is the second number of each thread, in ms; who is gone or says something else is left out', () => {
    write('7/task/7', '5556775323 86324741716 11551\n');
    write('7/task/9', '0 1500000 1\n');
    write('8/task/8', 'nothing\n');
    mkdirSync(join(proc, '10/task/10'), { recursive: true });
    expect(waitsOf([7, 8, 10, 11], proc)).toEqual(
      new Map([
        ['7/task/7', 86_324.741716],
        ['7/task/9', 1.5],
      ]),
    );
  });

  it('is known of this process', () => {
    const own = waitsOf([process.pid]);
    expect(own.size).toBeGreaterThan(0);
    expect(Math.min(...own.values())).toBeGreaterThanOrEqual(0);
  });
});
