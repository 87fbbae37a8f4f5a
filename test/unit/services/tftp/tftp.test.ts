import { describe, expect, it } from 'vitest';
import { servingOf } from '../../../../src/model/networks/serving.ts';
import { compileTftp } from '../../../../src/services/tftp/compile.ts';
import {
  activateTftp,
  checkTftp,
  parseProbeTftp,
  probeTftp,
  roleChangeTftp,
} from '../../../../src/services/tftp/daemon.ts';
import { AUTOEXEC, GRUB_CFG, MAP, markOf } from '../../../../src/services/tftp/view.ts';
import { answer } from '../../../kit/exec-result.ts';
import { CASES, clusterSnapshot } from '../../../kit/snapshots.ts';

const pair = CASES['pair'] ?? clusterSnapshot();
const compiled = (nodeId: string, snapshot = pair) => compileTftp(snapshot, nodeId, servingOf(snapshot));

describe('compile', () => {
  it('runs on both racks of a VLAN, and nowhere else', () => {
    expect(compiled('n-r1')).toEqual({ listenerPort: 5249 });
    expect(compiled('n-k2')).toEqual({ listenerPort: 5249 });
    expect(compiled('n-r2')).toBeNull();
    expect(compiled('n-k1', clusterSnapshot())).toBeNull();
  });

  it('does not run on a rack that stands on a VLAN which another one serves', () => {
    const [first] = pair.vlans;
    if (!first) throw new Error('there is no VLAN');
    const alone = { ...pair, vlans: [{ ...first, primaryRackId: null, secondaryRackId: null }] };
    expect(compiled('n-r1', alone)).not.toBeNull();
    expect(compiled('n-k2', alone)).toBeNull();
  });

  it('does not run where DHCP is off', () => {
    const off = { ...pair, vlans: pair.vlans.map((vlan) => ({ ...vlan, dhcpOn: false })) };
    expect(compiled('n-r1', off)).toBeNull();
  });
});

describe('activation', () => {
  it('starts with a new map, reads a changed one anew, and does nothing for a script', () => {
    expect(activateTftp([{ target: MAP, kind: 'added' }])).toMatchObject({ kind: 'restart' });
    expect(activateTftp([{ target: MAP, kind: 'changed' }])).toMatchObject({ kind: 'reload' });
    expect(activateTftp([{ target: GRUB_CFG, kind: 'changed' }])).toMatchObject({ kind: 'none' });
    for (const role of [
      { kind: 'vip', state: 'active' },
      { kind: 'database', state: 'primary' },
    ] as const)
      expect(roleChangeTftp(role)).toMatchObject({ kind: 'none' });
  });

  it('has each changed file judged by what reads it', () => {
    const staged = [MAP, GRUB_CFG, AUTOEXEC].map((target) => ({
      target,
      staged: `${target}.staged`,
      isChanged: true,
    }));
    expect(checkTftp(staged).map((command) => ('argv' in command ? command.argv : []))).toEqual([
      ['/opt/regent/current/ha/tftp/check', `${MAP}.staged`],
      ['/usr/bin/grub-script-check', `${GRUB_CFG}.staged`],
      ['/opt/regent/current/ha/tftp/check-script', `${AUTOEXEC}.staged`],
    ]);
    expect(checkTftp(staged.map((file) => ({ ...file, isChanged: false })))).toEqual([]);
  });
});

describe('probe', () => {
  it('asks by the name of the published map, which follows the content', () => {
    const [command] = probeTftp({ listenerPort: 5249 });
    expect(JSON.stringify(command)).toContain(`tftp://127.0.0.1/regent/${markOf({ listenerPort: 5249 })}`);
    expect(markOf({ listenerPort: 5249 })).not.toBe(markOf({ listenerPort: 5250 }));
  });

  it.each([
    [{ code: 69 }, 'another map'],
    [{ code: 68 }, 'is not there'],
    [{ code: 28 }, 'no answer in time'],
    [{ code: null, failure: 'the helper is away' }, 'the helper is away'],
    [{ code: 7, stderr: 'curl: (7) odd\nx' }, 'curl: (7) odd'],
    [{ code: null, timedOut: true }, 'no answer in time'],
  ])('%j is ill', (changes, words) => {
    const health = parseProbeTftp([answer('', changes)]);
    expect(health.isHealthy).toBe(false);
    expect(health.detail).toContain(words);
  });

  it('is well when the file comes, and ill without an answer', () => {
    expect(parseProbeTftp([answer('')])).toMatchObject({ isHealthy: true });
    expect(parseProbeTftp([])).toMatchObject({ isHealthy: false });
  });
});
