import { describe, expect, it } from 'vitest';
import { breachesOf } from '../../../src/drills/run/random/load.ts';
import { withLoad } from '../../../src/drills/run/random/faults.ts';
import { isLeading } from '../../../src/drills/run/environment.ts';
import { round } from './report-rounds.ts';

describe('who leads etcd', () => {
  const fields = (member: string, leader: string) =>
    `"ClusterID" : 17\n"MemberID" : ${member}\n"Revision" : 90\n"Leader" : ${leader}\n"IsLearner" : false\n`;

  it('is the member whose own number is the leader’s, to the last digit', () => {
    expect(isLeading(fields('10276657743932975437', '10276657743932975437'))).toBe(true);
    expect(isLeading(fields('10276657743932975437', '10276657743932975438'))).toBe(false);
    expect(isLeading('')).toBe(false);
  });
});

describe('the load of random faults', () => {
  it('has lost what was acknowledged and is not there, and has back what was removed and is', () => {
    expect(breachesOf(['a', 'b'], ['c'], ['a', 'b', 'd'])).toEqual([]);
    expect(breachesOf(['a', 'b'], ['c'], ['a', 'c'])).toEqual(['b is lost', 'c is back']);
  });

  it('fails the round with one breach, and when nothing was written at all', () => {
    const { verdict } = round();
    const done = { made: 900, removed: 800, failed: 3 };
    const good = withLoad(verdict, done, []);
    expect(good.isPassed).toBe(true);
    expect(good.checks.at(-1)?.measured).toBe('900 made, 800 removed, 3 calls without an answer');
    expect(withLoad(verdict, done, ['load-1 is lost on r2'])).toMatchObject({ isPassed: false });
    expect(withLoad(verdict, { ...done, made: 0 }, []).isPassed).toBe(false);
  });
});
