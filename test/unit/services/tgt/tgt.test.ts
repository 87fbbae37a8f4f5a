import { describe, expect, it } from 'vitest';
import { servingOf } from '../../../../src/model/networks/serving.ts';
import { compileTgt } from '../../../../src/services/tgt/compile.ts';
import {
  activateTgt,
  amendTgt,
  checkTgt,
  metricsTgt,
  parseProbeTgt,
  probeTgt,
  roleChangeTgt,
} from '../../../../src/services/tgt/daemon.ts';
import type { TgtDesired } from '../../../../src/services/tgt/desired.ts';
import { lintSiteTgt } from '../../../../src/services/tgt/lint.ts';
import { parsePortals, parseTargets } from '../../../../src/services/tgt/shown.ts';
import { TARGETS, viewTgt } from '../../../../src/services/tgt/view.ts';
import { answer } from '../../../kit/exec-result.ts';
import { anImage, aStage, CASES, clusterSnapshot, machine } from '../../../kit/snapshots.ts';

const pair = CASES['pair'] ?? clusterSnapshot();
const compiled = (nodeId: string, snapshot = pair) => compileTgt(snapshot, nodeId, servingOf(snapshot));
const DIGEST = anImage().digest;
const TARGET = `iqn.2026-11.internal.regent:${DIGEST}`;

const SITE: TgtDesired = {
  port: 3260,
  filesPort: 5248,
  addresses: ['10.10.10.1'],
  networks: ['10.10.10.0/24'],
  images: [{ digest: DIGEST, file: 'root.squashfs', sha256: '3'.repeat(64) }],
};

/** As tgtd 1.0.85 prints a target. */
function shown(
  changes: { name?: string; sessions?: number; lun?: boolean; readOnly?: string; acl?: string[] } = {},
): string {
  const { name = TARGET, sessions = 0, lun = true, readOnly = 'Yes', acl = ['10.10.10.0/24'] } = changes;
  const unit = (number: number, words: string) =>
    `        LUN: ${number}\n            Type: ${number === 0 ? 'controller' : 'disk'}\n            SCSI ID: IET     0001000${number}\n            Online: Yes\n${words}`;
  const nexus = Array.from(
    { length: sessions },
    (_, index) =>
      `        I_T nexus: ${index + 3}\n            Initiator: iqn.2026-11.internal.regent:machine:525400aa0001 alias: none\n            Connection: 0\n                IP Address: 10.10.10.30\n`,
  );
  return [
    `Target 1: ${name}\n    System information:\n        Driver: iscsi\n        State: ready\n    I_T nexus information:\n`,
    ...nexus,
    '    LUN information:\n',
    unit(0, '            Readonly: No\n            Backing store path: None\n            Backing store flags: \n'),
    lun ? unit(1, `            Readonly: ${readOnly}\n            Backing store path: /var/lib/regent/tgt/x\n`) : '',
    '    Account information:\n    ACL information:\n',
    ...acl.map((one) => `        ${one}\n`),
  ].join('');
}
const PORTALS = 'Portal: 10.10.10.1:3260,1\nPortal: 127.0.0.1:3260,1\n';
const answers = (targets: string, portals = PORTALS) => [answer(targets), answer(portals)];

describe('compile', () => {
  it('gives out the root of the default image on both racks of the VLAN with such a machine, to its networks alone', () => {
    expect(compiled('n-r1')).toEqual({ ...SITE });
    expect(compiled('n-k2')).toEqual({ ...SITE, addresses: ['10.10.10.2'] });
    expect(compiled('n-r2')).toBeNull();
  });

  it('is on all VLANs for a machine of which nobody knows where it is', () => {
    const lost = {
      ...machine('small1', 1, {}),
      interfaces: [
        { id: 1, name: 'eth0', mac: '52:54:00:00:00:10', kind: 'physical' as const, vlanId: null, addresses: [] },
      ],
    };
    expect(compiled('n-r1', { ...pair, machines: [lost] })?.networks).toEqual(['10.10.10.0/24', '10.20.0.0/16']);
  });

  it('is nowhere when no machine wants it, no image can be booted by it, or the site is no cluster', () => {
    expect(compiled('n-r1', { ...pair, machineStages: [aStage('small1', { bootMedia: 'http' })] })).toBeNull();
    expect(compiled('n-r1', { ...pair, machines: [] })).toBeNull();
    const files = anImage().files.filter(({ name }) => name !== 'iscsi.img');
    expect(compiled('n-r1', { ...pair, defaultImages: [anImage({ files })] })).toBeNull();
    expect(compiled('n-r1', { ...pair, defaultImages: [] })).toBeNull();
    expect(compiled('n-r1', { ...pair, cluster: null })).toBeNull();
  });

  it('names a network of one address as tgtd takes it', () => {
    expect(viewTgt({ ...SITE, networks: ['10.10.10.7/32', '10.20.0.0/16'] }).networks).toEqual([
      '10.10.10.7',
      '10.20.0.0/16',
    ]);
  });
});

describe('lint of the site', () => {
  it('warns of an image that has no part for iSCSI, while a machine is to boot so', () => {
    const files = anImage().files.filter(({ name }) => name !== 'iscsi.img');
    const without = { ...pair, defaultImages: [anImage({ files })] };
    expect(lintSiteTgt(without)).toMatchObject([
      { code: 'tgt_image_without_part', severity: 'warning', subject: 'image ephemeral/6.12' },
    ]);
    expect(lintSiteTgt(pair)).toEqual([]);
    expect(lintSiteTgt({ ...without, machineStages: [] })).toEqual([]);
    // One that lies in its initrd goes by any media.
    expect(
      lintSiteTgt({
        ...pair,
        defaultImages: [anImage({ files: files.filter(({ name }) => name !== 'root.squashfs') })],
      }),
    ).toEqual([]);
  });
});

describe('what tgtd shows', () => {
  it('is read: sessions, the unit, who may log in, where it listens', () => {
    const [one, two] = parseTargets(
      shown({ sessions: 2 }) + shown({ name: 'iqn.x', lun: false, acl: [] }).replace('Target 1', 'Target 12'),
    );
    expect(one).toEqual({
      tid: 1,
      name: TARGET,
      sessions: 2,
      lun: { path: '/var/lib/regent/tgt/x', isOnline: true, isReadOnly: true },
      networks: ['10.10.10.0/24'],
    });
    expect(two).toEqual({ tid: 12, name: 'iqn.x', sessions: 0, lun: null, networks: [] });
    expect(parseTargets('')).toEqual([]);
    expect(parseTargets('tgtadm: odd\n')).toEqual([]);
    expect(parsePortals(PORTALS)).toEqual(['10.10.10.1:3260', '127.0.0.1:3260']);
  });
});

describe('probe', () => {
  it('is well when all is given out to be read alone, and counts machines', () => {
    const health = parseProbeTgt(answers(shown({ sessions: 3 })), SITE);
    expect(health).toEqual({
      isHealthy: true,
      detail: 'tgtd gives out 1 image read-only; machines logged in: 3',
    });
    expect(amendTgt(answers(shown()), SITE)).toEqual([]);
    expect(metricsTgt(answers(shown({ sessions: 3 })))).toMatchObject([
      { name: 'targets', value: 1 },
      { name: 'sessions', value: 3 },
    ]);
  });

  it('is out of reach, not ill, while an image is not here: files and targets are brought', () => {
    for (const text of ['', shown({ lun: false }), shown({ readOnly: 'No' })]) {
      expect(parseProbeTgt(answers(text), SITE)).toMatchObject({ isHealthy: false, isOutOfReach: true });
      expect(amendTgt(answers(text), SITE).map((command) => ('argv' in command ? command.argv.at(-1) : ''))).toEqual([
        '/opt/regent/current/ha/tgt/fetch',
        'apply',
      ]);
    }
  });

  it.each([
    [shown({ acl: ['10.10.10.0/24', 'ALL'] }), PORTALS, 'others than published may use'],
    [shown({ acl: [] }), PORTALS, 'others than published may use'],
    [shown(), 'Portal: 127.0.0.1:3260,1\n', 'it does not listen at 10.10.10.1:3260'],
    [shown() + shown({ name: 'iqn.old', acl: [] }), PORTALS, 'iqn.old is no longer wanted'],
    [shown() + shown({ name: 'iqn.old', sessions: 1 }), PORTALS, 'iqn.old is no longer wanted'],
  ])('%# is ill, and mended by the list', (targets, portals, words) => {
    const health = parseProbeTgt(answers(targets, portals), SITE);
    expect(health).toMatchObject({ isHealthy: false });
    expect(health.detail).toContain(words);
    expect(amendTgt(answers(targets, portals), SITE)).toHaveLength(1);
  });

  it('leaves an old target to the machine that uses it, closed to all others', () => {
    const text = shown() + shown({ name: 'iqn.old', sessions: 1, acl: [] });
    expect(parseProbeTgt(answers(text), SITE).isHealthy).toBe(true);
    expect(amendTgt(answers(text), SITE)).toEqual([]);
  });

  it.each([
    [
      answer('', { code: 107, stderr: 'tgtadm: failed to send request hdr to tgt daemon, odd' }),
      'failed to send request',
    ],
    [answer('', { code: null, timedOut: true }), 'no answer in time'],
    [answer('', { code: null, failure: 'the helper is away' }), 'the helper is away'],
  ])('%# is silence: ill, and nothing is tried', (silence, words) => {
    expect(parseProbeTgt([silence, silence], SITE).detail).toContain(words);
    expect(parseProbeTgt([], SITE).isHealthy).toBe(false);
    expect(amendTgt([silence, silence], SITE)).toEqual([]);
    expect(metricsTgt([silence])).toEqual([]);
  });
});

describe('commands', () => {
  it('are of the user of tgtd, whom alone it answers', () => {
    const staged = [{ target: TARGETS, staged: '/etc/regent/tgt/.stage/targets', isChanged: true }];
    const all = [...checkTgt(staged), ...probeTgt(), ...amendTgt(answers(''), SITE)];
    expect(all.map((command) => ('user' in command ? command.user : ''))).toEqual(
      Array.from({ length: 5 }, () => 'regent-tgt'),
    );
    expect(checkTgt(staged.map((file) => ({ ...file, isChanged: false })))).toEqual([]);
  });

  it('start tgtd with a new list, and tell a running one of a changed one', () => {
    expect(activateTgt([{ target: TARGETS, kind: 'added' }])).toMatchObject({ kind: 'restart' });
    expect(activateTgt([{ target: TARGETS, kind: 'changed' }])).toMatchObject({
      kind: 'command',
      commands: [{ user: 'regent-tgt' }],
    });
    expect(activateTgt([])).toMatchObject({ kind: 'none' });
    for (const role of [
      { kind: 'vip', state: 'active' },
      { kind: 'database', state: 'primary' },
    ] as const)
      expect(roleChangeTgt(role)).toMatchObject({ kind: 'none' });
  });
});
