import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/core/host-values.ts';
import { compileNtp } from '../../../../src/services/ntp/compile.ts';
import { activateNtp, parseProbeNtp, roleChangeNtp } from '../../../../src/services/ntp/daemon.ts';
import { CHRONY_CONF, SOURCES } from '../../../../src/services/ntp/view.ts';
import { emptySnapshot, R1, typicalSnapshot } from '../../../kit/snapshots.ts';

const answer = (stdout: string, code: number | null = 0): ExecResult => ({
  code,
  signal: null,
  stdout,
  stderr: '',
  timedOut: code === null,
  failure: null,
});
const tracking = (reference: string, name: string, stratum: number, leap: string) =>
  answer(`${reference},${name},${stratum},1.0,0,0,0,0,0,0,0,0,0,${leap}\n`);
const sources = (...names: readonly string[]) =>
  answer(names.map((name) => `^,?,${name},0,6,0,4294967295,0,0,0\n`).join(''));

describe('ntp', () => {
  it('runs on every node and serves every subnet', () => {
    expect(compileNtp(typicalSnapshot(), 'n-rack1')).toEqual({
      servers: ['ntp1.example.test', '192.0.2.123', '2001:db8::123'],
      clients: [
        '10.10.10.0/24',
        '10.20.0.0/16',
        '10.77.0.0/24',
        '172.20.4.0/22',
        '192.0.2.64/26',
        '2001:db8:10::/64',
        'fd00:77::/64',
      ],
    });
    expect(compileNtp(typicalSnapshot(), 'n-nobody')).toBeNull();
  });

  it('does not ask itself', () => {
    const settings = { ...emptySnapshot().settings, ntp_servers: ['10.77.0.11', 'r1.regent.internal', '192.0.2.1'] };
    expect(compileNtp(emptySnapshot({ settings }), R1.id)?.servers).toEqual(['192.0.2.1']);
  });

  it.each([
    [
      [
        { target: CHRONY_CONF, kind: 'changed' },
        { target: SOURCES, kind: 'changed' },
      ],
      'restart',
    ],
    [[{ target: SOURCES, kind: 'changed' }], 'command'],
    [[{ target: `${SOURCES}.old`, kind: 'removed' }], 'none'],
  ] as const)('takes %j by %s', (changes, kind) => {
    expect(activateNtp(changes).kind).toBe(kind);
    expect(activateNtp(changes).why).not.toBe('');
  });

  it('does nothing when roles change', () => {
    expect(roleChangeNtp({ kind: 'vip', state: 'active' }).kind).toBe('none');
    expect(roleChangeNtp({ kind: 'database', state: 'standby' }).kind).toBe('none');
  });

  const both = (first: ExecResult, second: ExecResult) => ({ ...first, stdout: `${first.stdout}${second.stdout}` });

  it.each([
    [
      'its own clock',
      [both(tracking('7F7F0101', '', 10, 'Normal'), sources())],
      [],
      true,
      /serves its own clock, stratum 10/,
    ],
    [
      'a source',
      [both(tracking('C0000201', '192.0.2.1', 3, 'Normal'), sources('192.0.2.1'))],
      ['192.0.2.1'],
      true,
      /follows 192\.0\.2\.1, stratum 3/,
    ],
    [
      'no source yet',
      [both(tracking('00000000', '', 0, 'Not synchronised'), sources('a.test'))],
      ['a.test'],
      true,
      /none of its sources has answered/,
    ],
    [
      'another list',
      [both(tracking('00000000', '', 0, 'Normal'), sources('a.test'))],
      ['b.test'],
      false,
      /has the sources a\.test, published are b\.test/,
    ],
    [
      'a dead daemon',
      [answer('506 Cannot talk to daemon\n506 Cannot talk to daemon\n', 1)],
      [],
      false,
      /506 Cannot talk to daemon/,
    ],
    ['a hanging daemon', [answer('', null)], [], false, /no answer/],
    ['nothing at all', [], [], false, /asked chronyd/],
  ])('probe: %s', (...[, answers, servers, isHealthy, detail]) => {
    const health = parseProbeNtp(answers, { servers, clients: [] });
    expect(health.detail).toMatch(detail);
    expect(health.isHealthy).toBe(isHealthy);
  });
});
