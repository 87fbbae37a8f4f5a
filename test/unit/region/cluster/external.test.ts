import { describe, expect, it } from 'vitest';
import { judge } from '../../../../src/region/cluster/doctor.ts';
import { drillFindings } from '../../../../src/region/cluster/drill-run/preflight.ts';
import { lossesOf } from '../../../../src/region/cluster/losses.ts';
import { checkDrain, planRestart, planSwitchover } from '../../../../src/region/cluster/moves/preflight.ts';
import { planRemoval } from '../../../../src/region/cluster/moves/removal-preflight.ts';
import { notWhole } from '../../../../src/region/cluster/moves/restart.ts';
import { type ClusterSite, siteNode } from '../../../../src/region/cluster/site.ts';
import { viewCluster } from '../../../../src/region/cluster/view.ts';
import { whatIf } from '../../../../src/region/cluster/what-if/what-if.ts';
import { aServer, aSite, EXTERNAL, type NodeChanges, type SiteChanges } from './fixture.ts';

const SERVERS = [aServer('a.example:5432', 'primary'), aServer('b.example:5432', 'standby')];
const isNot = ({ service }: { readonly service: string }) => service !== 'db';

/** No node runs a database, and no haproxy leads to one. */
function site(changes: SiteChanges = {}): ClusterSite {
  const lb: NodeChanges = { lb: { primary: null } };
  const nodes = Object.fromEntries(['r1', 'r2', 'r3'].map((name) => [name, { ...lb, ...changes.nodes?.[name] }]));
  const made = aSite({ ...changes, nodes, site: { ...EXTERNAL, servers: SERVERS, ...changes.site } });
  const without = made.nodes.map((node) => siteNode({ ...node, observed: node.observed.filter(isNot) }, made.now));
  return { ...made, nodes: without, services: made.services.filter(isNot) };
}

describe("a cluster with an operator's own database", () => {
  it('is well without Patroni on any node, and says what it does not promise', () => {
    expect(judge(site()).filter(({ state }) => state !== 'ok')).toEqual([]);
    const ids = judge(site()).map(({ id }) => id);
    const own = ['one-primary', 'failover', 'standbys', 'timeline', 'database-configuration', 'wal-bounds'];
    expect(own.filter((id) => ids.includes(id))).toEqual([]);
    expect(judge(site()).find(({ id }) => id === 'database-servers')?.detail).toMatch(
      /b\.example.*Not promised by Regent/,
    );
    expect(viewCluster(site(), { state: 'ok', summary: '' })).toMatchObject({
      cluster: { isDatabaseExternal: true },
      warnings: [expect.stringMatching(/^The database is an external one\. Not promised/)],
      database: { primary: null, servers: SERVERS },
    });
  });

  it('loses nodes as etcd, the regions and the address allow', () => {
    expect(lossesOf(site())).toMatchObject({ now: 1, promised: 1 });
    expect(lossesOf(site()).sentence).toContain('is not counted');
    const down = { database: { isUp: false, why: 'none of the 2 servers is a primary', latencyMs: null } };
    expect(lossesOf(site({ site: down })).sentence).toMatch(/can lose none: the external database takes no write/);
    expect(lossesOf(site({ nodes: { r3: { silentFor: 90 } } })).now).toBe(0);
  });

  it('tells what to do about a database that is away in terms of its servers', () => {
    const why = 'none of the 2 servers is a primary: a.example:5432 is a standby; b.example:5432 does not answer';
    const found = judge(site({ site: { database: { isUp: false, why, latencyMs: null } } }));
    const writes = found.find(({ id }) => id === 'database-writes');
    expect(writes).toMatchObject({ state: 'broken', detail: why });
    expect(writes?.remedy).toMatch(/DATABASE_URL/);
    expect(writes?.remedy).not.toMatch(/patroni/);
  });

  it('moves no database, and drains, restarts and removes nodes without one', () => {
    expect(planSwitchover(site(), null)).toMatchObject({
      message: expect.stringContaining('only its operator can move it'),
    });
    expect(checkDrain(site(), 'r1')).toMatchObject({ node: { name: 'r1' } });
    expect(planRestart(site(), [])).toMatchObject({ order: expect.arrayContaining(['r1', 'r2', 'r3']) });
    expect(notWhole(site(), 1)).toBeNull();
    const plan = planRemoval(site(), 'r3', { isPlaceReserved: false, isForced: false, vlans: [] });
    expect(plan).toMatchObject({ sentence: expect.stringMatching(/^r3 hands on calls and address, stops/) });
    expect(drillFindings(site(), 'planned-drain')).toEqual([expect.stringContaining('database is external')]);
  });

  it('foretells no outage of the database when a node dies', () => {
    const answer = whatIf(site(), 'r2', 'dies');
    expect(answer).toMatchObject({ summary: expect.stringContaining('everything is served again by itself') });
    expect((answer as { risks: string[] }).risks.join(' ')).not.toMatch(/primary|writes/);
  });
});
