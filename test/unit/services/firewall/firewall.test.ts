import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/core/host-values.ts';
import { servingOf } from '../../../../src/model/networks/serving.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileFirewall as compile } from '../../../../src/services/firewall/compile.ts';
import { activateFirewall, parseProbeFirewall, roleChangeFirewall } from '../../../../src/services/firewall/daemon.ts';
import type { FirewallDesired } from '../../../../src/services/firewall/desired.ts';
import { markOf, REGENT_NFT, viewFirewall } from '../../../../src/services/firewall/view.ts';
import { clusterSnapshot, emptySnapshot } from '../../../kit/snapshots.ts';
import { pairSnapshot } from '../../../kit/pairs.ts';
import { answer } from '../../../kit/exec-result.ts';

const compileFirewall = (snapshot: Snapshot, nodeId: string) => compile(snapshot, nodeId, servingOf(snapshot));

const MEMBERS = ['10.77.0.10', '10.77.0.11', '10.77.0.12', '10.77.0.13'];

function desired(): FirewallDesired {
  const part = compileFirewall(clusterSnapshot(), 'n-r1');
  if (part === null) throw new Error('there is none');
  return part;
}

describe('compile', () => {
  it('lets region nodes and the floating address in, and the agents of all nodes from all their addresses', () => {
    expect(desired()).toEqual({ members: MEMBERS, nodes: [...MEMBERS, '10.77.0.21', '10.77.0.22'] });
    const attachments = [{ nodeId: 'n-k1', vlanId: 1, interface: 'eth1', addresses: ['10.10.10.2/24', 'fd00::2/64'] }];
    const part = compileFirewall(clusterSnapshot({ attachments }), 'n-r1');
    expect(part?.members).toEqual(MEMBERS);
    expect(part?.nodes).toEqual(['10.10.10.2', ...MEMBERS, '10.77.0.21', '10.77.0.22', 'fd00::2']);
  });

  it('lets partners alone reach the DHCP servers of a pair, on racks too', () => {
    const part = compileFirewall(pairSnapshot(), 'n-k1');
    expect(part).toMatchObject({
      members: MEMBERS,
      partners: [
        { port: 21_004, address: '10.77.0.22' },
        { port: 21_005, address: '10.77.0.22' },
      ],
    });
  });

  it('runs on the region nodes of a cluster, and on no rack without a pair', () => {
    expect(compileFirewall(clusterSnapshot(), 'n-k1')).toBeNull();
    expect(compileFirewall(emptySnapshot(), 'n-r1')).toBeNull();
  });
});

describe('view', () => {
  it('parts the addresses by family', () => {
    expect(viewFirewall({ members: ['10.0.0.1', 'fd00::1'], nodes: ['fd00::1'] })).toMatchObject({
      members4: ['10.0.0.1'],
      members6: ['fd00::1'],
      hasMembers4: true,
      hasNodes4: false,
      nodes6: ['fd00::1'],
    });
  });
});

describe('activation', () => {
  it.each([
    [[{ target: REGENT_NFT, kind: 'added' }], 'restart'],
    [[{ target: REGENT_NFT, kind: 'changed' }], 'reload'],
    [[], 'none'],
  ] as const)('takes %j by %s', (changes, kind) => {
    expect(activateFirewall(changes).kind).toBe(kind);
  });

  it('does nothing when roles change', () => {
    expect(roleChangeFirewall().kind).toBe('none');
  });
});

describe('probe', () => {
  const table = (changes: { mark?: string; members?: readonly string[]; rules?: number } = {}) => {
    const { mark = markOf(desired()), members = MEMBERS, rules = 12 } = changes;
    const nftables = [
      { metainfo: { version: '1.1.3' } },
      { table: { family: 'inet', name: 'regent', comment: mark } },
      { set: { name: 'members4', elem: members } },
      { set: { name: 'nodes4', elem: [...MEMBERS, '10.77.0.21', '10.77.0.22'] } },
      ...Array.from({ length: rules }, () => ({ rule: {} })),
    ];
    return JSON.stringify({ nftables });
  };
  const ask = (stdout: string, changes: Partial<ExecResult> = {}) =>
    parseProbeFirewall([answer(stdout, changes)], desired());

  it('is content with the published table', () => {
    expect(ask(table())).toMatchObject({ isHealthy: true });
  });

  it.each([
    ['another configuration', table({ mark: 'older' }), /configuration older/],
    ['a rule too few', table({ rules: 11 }), /11 rules/],
    ['a stranger let in', table({ members: [...MEMBERS, '10.77.0.66'] }), /lets in 10\.77\.0\.66/],
    ['a member kept out', table({ members: MEMBERS.slice(1) }), /keeps out 10\.77\.0\.10/],
  ])('sees %s', (_name, text, detail) => {
    expect(ask(text)).toMatchObject({ isHealthy: false, detail: expect.stringMatching(detail) });
  });

  it('sees that the table is gone', () => {
    expect(ask('', { code: 1, stderr: 'Error: No such file or directory\nlist table' }).detail).toContain(
      'No such file',
    );
  });
});
