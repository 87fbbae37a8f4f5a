import { describe, expect, it } from 'vitest';
import { openRoleWatch } from '../../../src/agent/self/roles.ts';
import type { RoleChange } from '../../../src/services/kit/contract.ts';
import { evenRandom, memoryLog, virtualTime } from '../../kit/virtual-time.ts';

function rig() {
  const time = virtualTime();
  const log = memoryLog();
  const node = {
    vip: null as string | null,
    own: new Set(['10.77.0.11']),
    file: null as string | null,
    probe: null as string | null,
    fault: null as Error | null,
  };
  const told: string[] = [];
  const watch = openRoleWatch({
    ports: {
      clock: time.clock,
      random: evenRandom,
      log,
      wait: time.wait,
      loop: () => Object.assign(() => {}, { end: () => {} }),
    },
    vip: () => node.vip,
    own: () => node.own,
    readRole: async () => {
      if (node.fault) throw node.fault;
      return node.file;
    },
    databaseRole: () => node.probe,
    onChange: (roles: readonly RoleChange[]) =>
      told.push(roles.map(({ kind, state }) => `${kind} ${state}`).join(', ')),
  });
  const is = (role: string, at = '2026-01-01T00:00:00.000Z') => JSON.stringify({ role, at });
  return { time, log, node, told, watch, is };
}

describe('the roles of a node', () => {
  it('are none where it holds no address and has no database', async () => {
    const { watch, told } = rig();
    await watch.readRoles();
    expect(told).toEqual([]);
    expect(watch.current()).toEqual({ vip: null, database: null });
  });

  it('follow the address on its links, once per change, and say since when', async () => {
    const { watch, node, told, time } = rig();
    node.vip = '10.77.0.10';
    await watch.readRoles();
    time.step(5_000);
    await watch.readRoles();
    expect(watch.current().vip).toEqual({ state: 'backup', since: '2026-01-01T00:00:01.000Z' });
    node.own.add('10.77.0.10');
    await watch.readRoles();
    await watch.readRoles();
    expect(watch.current().vip).toEqual({ state: 'active', since: '2026-01-01T00:00:06.000Z' });
    node.own.delete('10.77.0.10');
    await watch.readRoles();
    node.vip = null;
    await watch.readRoles();
    expect(told).toEqual(['vip backup', 'vip active', 'vip backup', '']);
  });

  it('follow the file of the database, with its time', async () => {
    const { watch, node, told, is } = rig();
    node.file = is('standby');
    await watch.readRoles();
    node.file = is('primary', '2026-01-01T00:00:00.500Z');
    await watch.readRoles();
    expect(watch.current().database).toEqual({ state: 'primary', since: '2026-01-01T00:00:00.500Z' });
    node.file = is('none');
    await watch.readRoles();
    expect(watch.current().database).toBeNull();
    expect(told).toEqual(['database standby', 'database primary', '']);
  });

  it('are unknown when the file is missing, half written or of a database that does not run', async () => {
    const { watch, node, is } = rig();
    for (const text of [null, '', '{"role":"prim', '{}', is('leader')]) {
      node.file = text;
      await watch.readRoles();
      expect(watch.current().database).toBeNull();
    }
    node.file = is('primary');
    node.probe = 'none';
    await watch.readRoles();
    expect(watch.current().database).toBeNull();
    node.probe = 'standby';
    await watch.readRoles();
    expect(watch.current().database?.state).toBe('primary');
  });

  it('have no time to come, and none that is no time', async () => {
    const { watch, node, is } = rig();
    for (const at of ['2030-01-01T00:00:00Z', 'yesterday']) {
      node.file = is('none');
      await watch.readRoles();
      node.file = is('primary', at);
      await watch.readRoles();
      expect(watch.current().database?.since).toBe('2026-01-01T00:00:01.000Z');
    }
  });

  it('stay as they were when they cannot be read, which is logged once', async () => {
    const { watch, node, log, told, is } = rig();
    node.file = is('primary');
    await watch.readRoles();
    node.fault = new Error('EIO');
    await watch.readRoles();
    await watch.readRoles();
    expect(watch.current().database?.state).toBe('primary');
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(told).toHaveLength(1);
  });
});
