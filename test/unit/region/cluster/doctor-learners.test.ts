import { describe, expect, it } from 'vitest';
import { judge } from '../../../../src/region/cluster/doctor.ts';
import { aSite, type SiteChanges } from './fixture.ts';

const UNWRITTEN = { id: 'ar2', place: '10.77.0.12:2380' };
const voter = (name: string, more: object = {}) => ({ name, id: `a${name}`, isLearner: false, ...more });

describe('the doctor', () => {
  it('names who is a learner in the store of etcd only, and what the rule is', () => {
    const look = (changes: SiteChanges) => judge(aSite(changes)).find((row) => row.id === 'etcd-learners');
    const strange = { id: 'ffff', place: '10.77.0.99:2380' };
    expect(look({ site: { storedLearners: [UNWRITTEN, strange] } })).toMatchObject({
      state: 'ok',
      detail:
        'The v3 store of etcd has r2 and 10.77.0.99:2380 as learners, and they vote. A direct step to etcd 3.6 is refused. ' +
        'Rule: etcd 3.5.20 or later of the line 3.5 runs on every region node before etcd 3.6 is installed on one.',
    });
    const learning = { r1: { dcs: { members: [voter('r1'), voter('r2', { isLearner: true })] } } };
    expect(look({ nodes: learning, site: { storedLearners: [UNWRITTEN] } })?.detail).toContain('no voter as a learner');
    const versions = {
      '3.5.16': 'ok',
      '3.5.33': 'ok',
      '3.6.0': 'broken',
      '3.10.1': 'broken',
      '4.0.0': 'broken',
      '': 'ok',
    };
    for (const [version, state] of Object.entries(versions)) {
      const nodes = { r1: { daemons: { dcs: `etcd Version: ${version}` } } };
      expect([version, look({ nodes, site: { storedLearners: [UNWRITTEN] } })?.state]).toEqual([version, state]);
      expect(look({ nodes, site: { storedLearners: [] } })?.state).toBe('ok');
    }
  });
});
