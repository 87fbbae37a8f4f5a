import { describe, expect, it } from 'vitest';
import { renderService } from '../../../../src/services/kit/render.ts';
import { compileLb } from '../../../../src/services/lb/compile.ts';
import { activateLb, parseProbeLb, roleChangeLb } from '../../../../src/services/lb/daemon.ts';
import type { LbDesired } from '../../../../src/services/lb/desired.ts';
import { lb } from '../../../../src/services/lb/index.ts';
import { parseLbFacts } from '../../../../src/services/lb/facts.ts';
import { HAPROXY_CFG, markOf, viewLb } from '../../../../src/services/lb/view.ts';
import { DEFAULT_TIMEOUTS } from '../../../../src/store/connection.ts';
import { goldenTemplates } from '../../../kit/goldens.ts';
import { aCluster, clusterSnapshot, emptySnapshot, FACTS } from '../../../kit/snapshots.ts';
import { answer } from '../../../kit/exec-result.ts';

function desired(nodeId = 'n-r1'): LbDesired {
  const part = compileLb(clusterSnapshot(), nodeId);
  if (part === null) throw new Error('there is none');
  return part;
}
/** The haproxy.cfg of a node. */
function configurationOf(part: LbDesired): string {
  const [file] = renderService(lb, { ...part }, { facts: FACTS, templates: goldenTemplates(), generation: 1 });
  if (file === undefined) throw new Error('there is none');
  return file.content;
}

describe('compile', () => {
  it('names every region node, and runs on those alone', () => {
    expect(desired('n-r2')).toEqual({
      name: 'r2',
      regions: [
        { name: 'r1', address: '10.77.0.11' },
        { name: 'r2', address: '10.77.0.12' },
        { name: 'r3', address: '10.77.0.13' },
      ],
    });
    expect(compileLb(clusterSnapshot(), 'n-k1')).toBeNull();
    expect(compileLb(emptySnapshot(), 'n-r1')).toBeNull();
  });

  it('leads to no database where that is an external one, and its probe looks for no primary', () => {
    const own = desired();
    expect(configurationOf(own)).toContain('listen database');
    const snapshot = clusterSnapshot({ cluster: aCluster({ isDatabaseExternal: true }) });
    const external = compileLb(snapshot, 'n-r1');
    if (external === null) throw new Error('there is none');
    expect(external).toEqual({ ...own, isDatabaseExternal: true });
    expect(configurationOf(external)).not.toMatch(/5432|8008|listen database/);
    const answers = [answer(`Description: ${markOf(external)}\n`), answer('')];
    expect(parseProbeLb(answers, external)).toMatchObject({
      isHealthy: true,
      detail: 'haproxy answers; 0 of 3 regions ready',
    });
  });

  it('keeps a drained node for when no other one can take a call, on every node', () => {
    const nodes = clusterSnapshot().nodes.map((node) => ({ ...node, isDrained: node.name === 'r2' }));
    for (const nodeId of ['n-r1', 'n-r2', 'n-r3']) {
      const part = compileLb(clusterSnapshot({ nodes }), nodeId);
      if (part === null) throw new Error('there is none');
      const content = configurationOf(part);
      const servers = content.match(/server r\d \S+:5251.*/g);
      const lines = (words: (name: string) => string) => [
        `server r1 10.77.0.11:5251 ${words('r1')}`,
        `server r2 10.77.0.12:5251 ${words('r2')} backup`,
        `server r3 10.77.0.13:5251 ${words('r3')}`,
      ];
      const bounded = lines(() => 'maxconn 32');
      const once = lines((name) => `track ready/${name} maxconn 32`);
      expect(servers).toEqual([
        ...bounded,
        ...bounded,
        ...bounded,
        ...once,
        ...lines((name) => `track living/${name}`),
      ]);
      // SQL goes where the primary is, drained or not.
      expect(content).toMatch(/server r2 10\.77\.0\.12:5432$/m);
    }
  });

  it('sends to nodes that are joining too', () => {
    const nodes = clusterSnapshot().nodes.map((node) => ({ ...node, state: 'joining' as const }));
    expect(compileLb(clusterSnapshot({ nodes }), 'n-r1')?.regions).toHaveLength(3);
  });
});

describe('a reload', () => {
  it('leaves the old process until the SQL sessions of regions have ended by themselves, the last query too', () => {
    const minutes = Number(/^ {4}hard-stop-after (\d+)m$/m.exec(configurationOf(desired()))?.[1]);
    expect(minutes * 60_000).toBeGreaterThan(DEFAULT_TIMEOUTS.lifetimeMs + DEFAULT_TIMEOUTS.queryMs);
  });
});

describe('view', () => {
  it('listens on IPv6 where the host has it', () => {
    expect(viewLb(desired(), FACTS).isDual).toBe(false);
    const six = { ...FACTS, interfaces: FACTS.interfaces.map((nic) => ({ ...nic, addresses: ['fd00::1/64'] })) };
    expect(viewLb(desired(), six).isDual).toBe(true);
  });
});

describe('activation', () => {
  it.each([
    [[{ target: HAPROXY_CFG, kind: 'added' }], 'restart'],
    [[{ target: HAPROXY_CFG, kind: 'changed' }], 'reload'],
    [[], 'none'],
  ] as const)('takes %j by %s', (changes, kind) => {
    expect(activateLb(changes).kind).toBe(kind);
  });

  it('does nothing when roles change', () => {
    expect(roleChangeLb({ kind: 'vip', state: 'backup' }).kind).toBe('none');
    expect(roleChangeLb({ kind: 'database', state: 'standby' })).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('its own checks'),
    });
  });
});

describe('probe', () => {
  const state = (database: readonly string[], ready: readonly string[], mark = markOf(desired())) =>
    [
      'Name: HAProxy',
      `Description: ${mark}`,
      '',
      '# pxname,svname,qcur,status,weight,',
      ...database.map((status, index) => `database,r${index + 1},0,${status},1,`),
      ...ready.map((status, index) => `ready,r${index + 1},0,${status},1,`),
      ...ready.map((_status, index) => `living,r${index + 1},0,UP,1,`),
      '',
    ].join('\n');
  const ask = (text: string) => parseProbeLb([answer(text), answer('1 master')], desired());

  it('tells the primary and the regions, also while a check has just failed', () => {
    const health = ask(state(['DOWN', 'UP 1/2', 'DOWN 1/2'], ['UP', 'DOWN', 'UP']));
    expect(health).toMatchObject({
      isHealthy: true,
      detail: 'haproxy answers; 2 of 3 regions ready, the primary is on r2',
    });
    expect(parseLbFacts(health.facts)).toEqual({
      primary: 'r2',
      regions: [
        { name: 'r1', isUp: true },
        { name: 'r2', isUp: false },
        { name: 'r3', isUp: true },
      ],
    });
  });

  it.each([[['DOWN', 'DOWN', 'DOWN']], [['UP', 'UP', 'DOWN']]])('names no primary when %j are up', (database) => {
    expect(ask(state(database, ['DOWN', 'DOWN', 'DOWN']))).toMatchObject({ isHealthy: true, facts: { primary: null } });
  });

  /** Outcomes as haproxy 3.0 told them of a host that lost its power, and of hosts that live. */
  it.each([
    ['nobody answers', ['L4TOUT', ''], ['L4TOUT', ''], true],
    ['no way leads to the host', ['L4CON', 'No route to host'], ['L4CON', 'No route to host'], true],
    ['the database’s check is refused after a failover', ['L4CON', 'Connection refused'], ['L4TOUT', ''], true],
    ['... while the next check runs', ['L4CON', 'Connection refused'], ['* L4CON', ''], true],
    ['all handshakes hang', ['L6TOUT', ''], ['L6TOUT', ''], true],
    ['its Patroni answers', ['L7STS', 'Service Unavailable'], ['L4TOUT', ''], false],
    ['its region hangs', ['L7OK', ''], ['L6TOUT', ''], false],
    ['its region hangs and its Patroni is stopped', ['L4CON', 'Connection refused'], ['L6TOUT', ''], false],
    ['its region is stopped', ['L7OK', ''], ['L4CON', 'Connection refused'], false],
    ['its region is stopped, and the next check runs', ['L7OK', ''], ['* L4CON', ''], false],
  ] as const)('of a host where %s, it says whether it is silent', (_what, database, ready, isSilent) => {
    const row = (proxy: string, [status, words]: readonly [string, string]) =>
      `${proxy},r1,0,DOWN,1,${status},${words},`;
    const head = ['Name: HAProxy', `Description: ${markOf(desired())}`, ''];
    const rows = [
      '# pxname,svname,qcur,status,weight,check_status,last_chk,',
      row('database', database),
      row('ready', ready),
    ];
    const { facts } = ask([...head, ...rows, ''].join('\n'));
    expect(parseLbFacts(facts)?.regions.find(({ name }) => name === 'r1')?.isSilent ?? false).toBe(isSilent);
  });

  it('sees an old configuration, and a haproxy that does not answer', () => {
    expect(ask(state([], [], 'other')).detail).toContain('it runs the configuration other');
    expect(ask('nonsense')).toMatchObject({ isHealthy: false });
    const silent = answer('', { code: null, failure: 'connection refused' });
    expect(parseProbeLb([silent], desired()).detail).toBe("query of haproxy's state failed: connection refused");
    // A frozen master process serves on, and would swallow every reload.
    const frozen = parseProbeLb([answer(state(['UP'], ['UP'])), silent], desired());
    expect(frozen).toMatchObject({ isHealthy: false, detail: expect.stringContaining('its master process') });
  });
});
