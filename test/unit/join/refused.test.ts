import { beforeAll, describe, expect, it } from 'vitest';
import { formatJoinToken, type JoinToken, parseJoinToken } from '../../../src/contract/cluster/token.ts';
import { AppError } from '../../../src/core/errors.ts';
import { runJoin } from '../../../src/join/member/join.ts';
import type { MemberPorts } from '../../../src/join/member/ports.ts';
import { PATHS } from '../../../src/join/paths.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import { testAuthority } from '../../kit/cluster/pki.ts';
import { NOW } from './fake-cluster.ts';
import { FakeJoiner } from './fake-joiner.ts';

let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority('c1', NOW - 86_400_000);
});

const aHost = () => new FakeJoiner(authority, { isRegion: true, isRack: false });
const join = async (host: FakeJoiner, token: string, ports: Partial<MemberPorts> = {}) =>
  await runJoin(
    { ...host.ports(), ...ports },
    { token, name: null, address: null, isConfirmed: false, isJson: true, deadlineMs: 60_000 },
  );

describe('a join that the cluster refuses', () => {
  it('leaves the host as it was, and says so without the token', async () => {
    const host = aHost();
    host.cluster.usedByKey = 'the key of another host';
    const before = new Map(host.files);
    expect(await join(host, host.cluster.token())).toBe(1);
    expect(host.files).toEqual(before);
    expect(host.active.size + host.enabled.size).toBe(0);
    const said = host.said.join('\n');
    expect(said).toMatch(/used by another host[^]*The host is unchanged/);
    expect(said).not.toContain(host.cluster.token().slice(20, 60));
  });

  it('keeps the key of an earlier one, whose answer may have been lost', async () => {
    const host = aHost();
    await host.killed(2, true, () => join(host, host.cluster.token()));
    const key = host.text(PATHS.key);
    expect(key).not.toBeNull();
    host.cluster.usedByKey = 'the key of another host';
    expect(await join(host, host.cluster.token())).toBe(1);
    expect(host.text(PATHS.key)).toBe(key);
    expect(host.text(PATHS.joinNote)).not.toBeNull();
  });
});

describe('regent join', () => {
  it('looks again at regions that are late', async () => {
    const host = aHost();
    let late = 3;
    const call: MemberPorts['call'] = async (order) => {
      late -= 1;
      if (late >= 0) throw new AppError('region_unreachable', 'no answer in time');
      return await host.cluster.call(order);
    };
    expect(await join(host, host.cluster.token(), { call })).toBe(0);
  });

  it('does not tell a node that is given the token of another cluster that it has joined', async () => {
    const host = aHost();
    expect(await join(host, host.cluster.token())).toBe(0);
    expect(await join(host, host.cluster.token())).toBe(0);
    const foreign = formatJoinToken({ ...(parseJoinToken(host.cluster.token()) as JoinToken), pin: 'b'.repeat(64) });
    const shown = host.shown.length;
    expect(await join(host, foreign)).toBe(1);
    expect(host.shown).toHaveLength(shown);
    expect(host.said.at(-1)).toMatch(/is the node r2 of another cluster/);
  });
});
