import { describe, expect, it } from 'vitest';
import { jobLink } from '../../../../src/ui/models/base/jobs.ts';
import { lineText, logPartsOf } from '../../../../src/ui/models/cluster/logs.ts';
import { clockTime } from '../../../../src/ui/models/base/time.ts';

describe('a line of a log', () => {
  it('has its time, its program, and its level where that is not ordinary', () => {
    const line = { at: '2026-03-01T09:57:15.123Z', program: 'named', level: 'info', text: 'loaded' } as const;
    const time = clockTime(Date.parse(line.at));
    expect(lineText(line)).toBe(`${time} named: loaded`);
    expect(lineText({ ...line, level: 'error' })).toBe(`${time} named error: loaded`);
    expect(lineText({ ...line, program: '' })).toBe(`${time}: loaded`);
  });

  it('is of a service, or of a program of Regent on the node', () => {
    expect(logPartsOf(['dns', 'dhcp@k1_k2'], false)).toEqual(['dns', 'dhcp@k1_k2', 'agent', 'helper']);
    expect(logPartsOf([], true)).toEqual(['agent', 'helper', 'region']);
  });
});

describe('a job', () => {
  it.each([
    ['node-drain', 'r2', ['cluster'], '#/nodes/r2'],
    ['machine-power', 'm1.example', ['machine:7', 'bmc:3'], '#/machines/m1.example'],
    ['drill', 'planned-drain', ['cluster'], '#/drills'],
    ['switchover', 'r1 to r2', ['cluster'], '#/nodes'],
  ])('%s of %s leads to where it is seen', (kind, target, targets, link) => {
    expect(jobLink({ kind, target, targets })).toBe(link);
  });
});
