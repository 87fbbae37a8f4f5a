import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/core/host-values.ts';
import { compileNtp } from '../../../../src/services/ntp/compile.ts';
import { activateNtp, parseProbeNtp, roleChangeNtp } from '../../../../src/services/ntp/daemon.ts';
import { CHRONY_CONF, SOURCES, viewNtp } from '../../../../src/services/ntp/view.ts';
import { DEFAULT_SETTINGS } from '../../../../src/model/site/settings.ts';
import { clusterSnapshot, emptySnapshot, R1, typicalSnapshot } from '../../../kit/snapshots.ts';

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
      regions: ['10.77.0.11', '10.77.0.12'],
      local: null,
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

  const cluster = (name: string, ntp_servers: readonly string[] = []) => {
    const snapshot = clusterSnapshot({ settings: { ...DEFAULT_SETTINGS, ntp_servers } });
    const node = snapshot.nodes.find((item) => item.name === name);
    return compileNtp(snapshot, node?.id ?? '');
  };
  const REGIONS = ['10.77.0.11', '10.77.0.12', '10.77.0.13'];

  it('has regions agree among themselves, and racks follow them', () => {
    expect(cluster('r2')).toMatchObject({
      servers: [],
      regions: ['10.77.0.11', '10.77.0.13'],
      local: { stratum: 10, isOrphan: true },
    });
    expect(cluster('r2')?.clients).toEqual(['10.77.0.11/32', '10.77.0.13/32', '10.77.0.21/32', '10.77.0.22/32']);
    expect(cluster('k1')).toMatchObject({ servers: [], regions: REGIONS, local: { stratum: 12, isOrphan: false } });
    expect(cluster('k1')?.clients).toEqual([]);
  });

  it('has them agree beside the configured sources, too', () => {
    expect(cluster('r1', ['192.0.2.1'])).toMatchObject({
      servers: ['192.0.2.1'],
      regions: ['10.77.0.12', '10.77.0.13'],
      local: { stratum: 10, isOrphan: true },
    });
    expect(cluster('k1', ['192.0.2.1'])).toMatchObject({ servers: ['192.0.2.1'], regions: REGIONS, local: null });
  });

  it('lets a region that is the source of the site be followed', () => {
    expect(cluster('r1', ['10.77.0.11'])).toMatchObject({
      servers: [],
      regions: [],
      local: { stratum: 8, isOrphan: false },
    });
    expect(cluster('r2', ['10.77.0.11'])).toMatchObject({ servers: ['10.77.0.11'], regions: ['10.77.0.13'] });
  });

  it('is on a single node what it was', () => {
    expect(compileNtp(emptySnapshot(), R1.id)).toMatchObject({ regions: [], local: { stratum: 10, isOrphan: false } });
    const early = viewNtp({ servers: [], clients: [] });
    expect(early).toMatchObject({ regions: [], isLocal: true, stratum: 10, isOrphan: false });
    expect(viewNtp({ servers: ['192.0.2.1'], clients: [] }).isLocal).toBe(false);
  });

  it('tells which region is furthest away', () => {
    const two = answer(
      `${tracking('7F7F0101', '', 10, 'Normal').stdout}^,*,10.77.0.12,11,4,377,3,0.000012,0.000012,0.0001\n^,x,10.77.0.13,10,4,17,3,-4.250000000,-4.25,0.0001\n`,
    );
    const desired = { servers: [], regions: ['10.77.0.12', '10.77.0.13'], clients: [] };
    expect(parseProbeNtp([two], desired)).toMatchObject({
      isHealthy: true,
      facts: { apart: { address: '10.77.0.13', seconds: 4.25 } },
    });
    expect(parseProbeNtp([two], { ...desired, regions: ['10.77.0.12'] })).toMatchObject({ isHealthy: false });
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
    ['nothing at all', [], [], false, /query of chronyd's state failed/],
  ])('probe: %s', (...[, answers, servers, isHealthy, detail]) => {
    const health = parseProbeNtp(answers, { servers, clients: [] });
    expect(health.detail).toMatch(detail);
    expect(health.isHealthy).toBe(isHealthy);
  });
});
