import { describe, expect, it } from 'vitest';
import { readTarget } from '../../../../src/api/metadata/paths.ts';
import { baseUrl, preseed } from '../../../../src/api/metadata/preseed.ts';
import { isRejected } from '../../../../src/core/errors.ts';
import { outputOf, purposeIn, RUN_PURPOSES } from '../../../../src/model/machines/machine-run.ts';
import { MACHINE_STATES } from '../../../../src/model/machines/machine-states.ts';
import {
  deployedText,
  eventOfSignal,
  eventOfStatus,
  readSignal,
  readStatus,
  SIGNAL_STATUSES,
  stateOf,
} from '../../../../src/region/machines/metadata/report-meanings.ts';

const signal = (fields: Readonly<Record<string, string>>) => {
  const read = readSignal(new Map(Object.entries(fields)));
  if (isRejected(read)) throw new Error(read.message);
  return read;
};
const status = (more: object) => {
  const read = readStatus({
    event_type: 'finish',
    origin: 'cloudinit',
    name: 'modules-final',
    description: 'd',
    ...more,
  });
  if (isRejected(read)) throw new Error(read.message);
  return read;
};

describe('a purpose', () => {
  it('is there in states that boot, and in no other one', () => {
    const having = MACHINE_STATES.filter((state) => purposeIn(state) !== null);
    expect(having.sort()).toEqual([
      'commissioning',
      'deploying',
      'disk-erasing',
      'entering-rescue-mode',
      'rescue-mode',
      'testing',
    ]);
    // A system in memory asks again at each start, one on a disk has all there.
    expect(purposeIn('deployed', true)).toBe('deploying');
    expect(purposeIn('allocated', true)).toBeNull();
  });
});

describe('a file of a script', () => {
  it.each([
    ['00-cpu', { script: '00-cpu', kind: 'output' }],
    ['00-cpu.out', { script: '00-cpu', kind: 'stdout' }],
    ['00-cpu.err', { script: '00-cpu', kind: 'stderr' }],
    ['00-cpu.yaml', { script: '00-cpu', kind: 'result' }],
    ['a.sh', { script: 'a.sh', kind: 'output' }],
    ['.out', null],
    ['../x', null],
    ['a b', null],
    ['a/b.out', null],
    ['x\u001b', null],
    ['x'.repeat(200), null],
  ])('%j is %j', (name, wanted) => {
    expect(outputOf(name)).toEqual(wanted);
  });
});

describe('a signal', () => {
  it.each(SIGNAL_STATUSES)('%s is known', (one) => {
    expect(signal({ status: one }).status).toBe(one);
  });
  it.each([
    { status: 'DONE' },
    {},
    { status: 'OK', exit_status: 'x' },
    { status: 'OK', exit_status: '99999999999' },
    { status: 'OK', name: '../x' },
  ])('that is wrong is refused: %j', (fields) => {
    expect(readSignal(new Map(Object.entries(fields)))).toMatchObject({ code: 'bad_request' });
  });
  it('ends a run when it is about all scripts, not about one', () => {
    expect(eventOfSignal('commissioning', signal({ status: 'OK' }))).toBe('scripts-passed');
    expect(eventOfSignal('testing', signal({ status: 'FAILED' }))).toBe('scripts-failed');
    expect(eventOfSignal('testing', signal({ status: 'TIMEDOUT' }))).toBe('scripts-failed');
    expect(eventOfSignal('commissioning', signal({ status: 'WORKING' }))).toBeNull();
    expect(eventOfSignal('commissioning', signal({ status: 'OK', name: 'cpu' }))).toBeNull();
    expect(eventOfSignal('rescue', signal({ status: 'OK' }))).toBe('rescue-up');
    expect(eventOfSignal('deploying', signal({ status: 'OK' }))).toBe('installed');
    expect(eventOfSignal('deploying', signal({ status: 'FAILED' }))).toBe('scripts-failed');
    for (const error of ['done', 'degraded', 'none', 'disabled', ''])
      expect(eventOfSignal('deploying', signal({ status: 'DEPLOYED', error }))).toBe('deployed');
    expect(eventOfSignal('deploying', signal({ status: 'DEPLOYED', error: 'error' }))).toBe('scripts-failed');
    expect(eventOfSignal('commissioning', signal({ status: 'DEPLOYED' }))).toBeNull();
    expect(eventOfSignal('erasing', signal({ status: 'OK' }))).toBe('scripts-passed');
    expect(
      [deployedText('done'), deployedText('error'), deployedText('degraded')].map((text) => text.length > 0),
    ).toEqual([false, true, true]);
  });
  it('says how a script is', () => {
    expect(stateOf(signal({ status: 'WORKING', name: 'a' }))).toBe('running');
    expect(stateOf(signal({ status: 'WORKING', name: 'a', exit_status: '0' }))).toBe('passed');
    expect(stateOf(signal({ status: 'WORKING', name: 'a', exit_status: '7' }))).toBe('failed');
    expect(stateOf(signal({ status: 'TIMEDOUT', name: 'a' }))).toBe('timed-out');
    expect(signal({ status: 'FAILED', error: 'bad\u001b[2J\n' }).error).toBe('bad?[2J?');
  });
});

describe('a report', () => {
  it('means something when a whole stage ends badly, or the rescue system is up', () => {
    expect(eventOfStatus('commissioning', status({ result: 'FAIL' }))).toBe('scripts-failed');
    expect(eventOfStatus('testing', status({ result: 'FAILURE' }))).toBe('scripts-failed');
    expect(eventOfStatus('commissioning', status({ result: 'SUCCESS' }))).toBeNull();
    expect(eventOfStatus('commissioning', status({ result: 'WARN' }))).toBeNull();
    expect(eventOfStatus('commissioning', status({ result: 'FAIL', name: 'init/x' }))).toBeNull();
    expect(eventOfStatus('commissioning', status({ result: 'FAIL', event_type: 'start' }))).toBeNull();
    expect(eventOfStatus('rescue', status({ result: 'SUCCESS' }))).toBe('rescue-up');
    // The system that installs another one is not the one that is wanted.
    const last = status({ name: 'modules-final', result: 'SUCCESS' });
    expect([eventOfStatus('deploying', last), eventOfStatus('deploying', last, true)]).toEqual([null, 'deployed']);
    expect(eventOfStatus('deploying', status({ name: 'modules-final', result: 'FAIL' }), true)).toBe('scripts-failed');
    for (const purpose of RUN_PURPOSES) expect(eventOfStatus(purpose, status({ result: 'MAYBE' }))).toBeNull();
  });
  it.each([null, [], 'x', {}, { event_type: 'start', origin: 1, name: 'n', description: 'd' }])(
    'that is none is refused: %j',
    (value) => {
      expect(readStatus(value)).toMatchObject({ code: 'bad_request' });
    },
  );
});

describe('a path', () => {
  it.each([
    ['', { target: { kind: 'versions' }, op: null }],
    ['/2012-03-01/', { target: { kind: 'index', mirror: 'none', item: '' }, op: null }],
    [
      '/latest//meta-data/instance-id/',
      { target: { kind: 'meta-data', mirror: 'none', item: 'instance-id' }, op: null },
    ],
    ['/enlist/latest/user-data', { target: { kind: 'user-data', mirror: 'enlist', item: '' }, op: null }],
    ['/latest/op-signal/', { target: { kind: 'index', mirror: 'none', item: '' }, op: 'signal' }],
    ['/latest/by-id/abc123/', { target: { kind: 'by-id', machine: 'abc123' }, op: null }],
    ['/status/abc123', { target: { kind: 'status', machine: 'abc123' }, op: null }],
  ])('%j is understood', (path, wanted) => {
    expect(readTarget(path)).toEqual(wanted);
  });
  it.each([
    '/2009-04-04/',
    '/latest/by-id/../',
    '/latest/by-id/ABC123',
    '/status/abc1234',
    '/status',
    '/enlist/latest/by-id/abc123',
    '/latest/user-data/x',
  ])('%j is none', (path) => {
    expect(readTarget(path)).toBeNull();
  });
});

describe('a preseed', () => {
  it('is YAML in which no value begins another member', () => {
    const text = preseed('http://a/MAAS/metadata', {
      machineId: 'abc123',
      consumer: 'c"\nx: y',
      token: 't',
      secret: "s'#",
    });
    expect(
      text
        .trimEnd()
        .split('\n')
        .every((line) => /^(?:#cloud-config|(?: {2})*[A-Za-z_]+:(?: .+)?)$/.test(line)),
    ).toBe(true);
    expect(text.match(/x: y/g)).toHaveLength(2);
    expect(text).toContain(JSON.stringify('c"\nx: y'));
  });
  it.each(['a.test', 'a.test:5248', '10.0.0.1:80', '[fd00::1]:5248'])('leads back to %s', (host) => {
    expect(baseUrl(host, false)).toBe(`http://${host}/MAAS/metadata`);
  });
  it.each([undefined, '', 'a b', 'a/b', 'a\n', 'a"', '-a', 'a:b', '[::1', 'x'.repeat(300)])(
    'takes no host %j',
    (host) => {
      expect(baseUrl(host, true)).toMatchObject({ code: 'bad_request' });
    },
  );
});
