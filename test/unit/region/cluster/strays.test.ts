import { describe, expect, it } from 'vitest';
import type { EtcdMember } from '../../../../src/region/cluster/trust/port.ts';
import { straysOf } from '../../../../src/region/cluster/trust/strays.ts';

const member = (id: string, name: string, address: string, isLearner = false): EtcdMember => ({
  id,
  name,
  isLearner,
  peerUrls: [`https://${address}:2380`],
});
const node = (name: string, address: string, state: 'joining' | 'member' = 'member') => ({
  name,
  addresses: [address],
  state,
});
const R1 = member('1', 'r1', '10.77.0.11');
const R2 = member('2', 'r2', '10.77.0.12');
const NODE1 = node('r1', '10.77.0.11');
const ids = (...args: Parameters<typeof straysOf>) => straysOf(...args).map(({ id }) => id);

describe('members of etcd that belong to no node', () => {
  it('are learners and voters whose node was forgotten, learners first', () => {
    const learner = member('3', '', '10.77.0.13', true);
    expect(ids([R1, R2, learner], [NODE1])).toEqual(['3', '2']);
  });

  it('are not those of nodes that are joining, started or not', () => {
    const nodes = [NODE1, node('r2', '10.77.0.12', 'joining')];
    expect(ids([R1, member('2', '', '10.77.0.12', true)], nodes)).toEqual([]);
    expect(ids([R1, R2], nodes)).toEqual([]);
    expect(ids([R1], nodes)).toEqual([]);
  });

  it('are not those that have the name or one address of a node', () => {
    expect(ids([R1, member('2', 'r2', '10.77.0.99')], [NODE1, node('r2', '10.77.0.12')])).toEqual([]);
    expect(ids([R1, member('2', 'old', '10.77.0.12')], [NODE1, node('r2', '10.77.0.12')])).toEqual([]);
    const six = member('2', '', '[2001:DB8:0::12]', true);
    expect(ids([R1, six], [NODE1, node('r2', '2001:db8::12', 'joining')])).toEqual([]);
  });

  it('are nobody while a region node of the database is no voter: that etcd is not understood', () => {
    expect(ids([R1, R2], [])).toEqual([]);
    expect(ids([R1, R2], [node('r9', '10.77.0.19')])).toEqual([]);
    expect(ids([R1, R2], [NODE1, node('r9', '10.77.0.19')])).toEqual([]);
    expect(ids([member('1', 'r1', '10.77.0.11', true), R2], [NODE1])).toEqual([]);
  });
});
