import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createMute } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { askEpoch, placesOf } from '../../../ha/epoch/guard.ts';
import { ends, lostOf, membersOf, readStatement } from '../../../ha/epoch/statement.ts';
import { PARTS } from '../../../ha/epoch/units.ts';
import type { Epoch } from '../../../src/core/epoch.ts';
import { formatEpoch } from '../../../src/core/epoch.ts';
import { type Authority } from '../../../src/pki/authority.ts';
import { isEpochSigned, signEpoch } from '../../../src/pki/statement.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { testAuthority } from '../../kit/cluster/pki.ts';

const SYSTEMD = join(import.meta.dirname, '../../../systemd');
const SECOND: Epoch = [{ id: '4f2e90ab', at: 2000 }];
const RIVAL: Epoch = [{ id: '00000001', at: 3000 }];
let [authority, stranger]: Authority[] = [];
beforeAll(async () => {
  [authority, stranger] = [await testAuthority(), await testAuthority('c2')];
});
const by = (signer: Authority | undefined, epoch: Epoch) => ({
  epoch: formatEpoch(epoch),
  signature: signEpoch(signer?.key ?? '', epoch),
});
const isOver = (heard: { epoch: string; signature: string | null }, own: Epoch) =>
  ends(heard, formatEpoch(own), authority?.certificate ?? '');

describe('what ends the epoch of a host', () => {
  it('a later one, signed by the authority of its cluster', () => {
    expect(isOver(by(authority, SECOND), [])).toBe(true);
    expect(isEpochSigned(authority?.certificate ?? '', SECOND, by(authority, SECOND).signature)).toBe(true);
  });
  it('the earlier of two that recovered apart; not the later one', () => {
    expect(isOver(by(authority, SECOND), RIVAL)).toBe(true);
    expect(isOver(by(authority, RIVAL), SECOND)).toBe(false);
  });
  it('not its own, and none before', () => {
    expect(isOver(by(authority, SECOND), SECOND)).toBe(false);
    expect(isOver({ epoch: '1', signature: null }, SECOND)).toBe(false);
  });
  it('not what nobody, a stranger, or somebody for another epoch has signed', () => {
    const { epoch, signature } = by(authority, SECOND);
    for (const heard of [
      { epoch, signature: null },
      { epoch, signature: '' },
      { epoch, signature: 'AAAA' },
      by(stranger, SECOND),
      { epoch: formatEpoch([...SECOND, ...RIVAL]), signature },
    ])
      expect(isOver(heard, []), JSON.stringify(heard)).toBe(false);
    expect(ends({ epoch, signature }, '1', '')).toBe(false);
  });
});

describe('whom a host asks', () => {
  const members =
    'initial-cluster-token: "c1"\ninitial-cluster: "r1=https://10.77.0.11:2380,r2=https://[fd00::2]:2380"\n';
  const own = JSON.stringify({
    epoch: '2/4f2e90ab@2000',
    signature: 'x',
    lost: [{ name: 'r3', address: '10.77.0.13' }],
  });
  const health = '{\n  "address": "10.77.0.11",\n  "vip": "10.77.0.10"\n}';
  it('the other members, who was counted as lost, and who holds the floating address', () => {
    expect(placesOf(members, own, health).map(({ address }) => address)).toEqual([
      '[fd00::2]',
      '10.77.0.13',
      '10.77.0.10',
    ]);
    expect(placesOf(members, '', '').map(({ name }) => name)).toEqual(['r1', 'r2']);
    expect(placesOf('', '', '')).toEqual([]);
  });
  it('nobody by files that are cut off', () => {
    for (const text of ['', '{', '[]', 'null', '{"lost":[1]}', '{"lost":{}}']) {
      expect(lostOf(text)).toEqual([]);
      expect(readStatement(text)).toBeNull();
    }
    expect(membersOf('initial-cluster: "')).toEqual([]);
  });

  it('and hears a statement, that somebody knows of none, or nothing', async () => {
    const statement = by(authority, SECOND);
    let answer = { status: 200, text: JSON.stringify(statement) };
    const server = createServer((request, response) => {
      expect(request.url).toBe('/health/epoch');
      response.writeHead(answer.status);
      response.end(answer.text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await askEpoch('127.0.0.1', port)).toEqual(statement);
    for (const other of [
      { status: 404, text: JSON.stringify(statement) },
      { status: 200, text: 'live' },
      { status: 200, text: 'x'.repeat(20_000) },
    ]) {
      answer = other;
      expect(await askEpoch('127.0.0.1', port)).not.toHaveProperty('epoch');
    }
    await new Promise((resolve) => server.close(resolve));
    expect(await askEpoch('127.0.0.1', port), 'refused').toBe('none');
    const mute = createMute();
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    expect(await askEpoch('127.0.0.1', (mute.address() as AddressInfo).port)).toBe('silent');
    mute.close();
  });
});

describe('units of a host whose epoch is over', () => {
  const harmless = ['regent-firewall.service', 'chrony.service', 'radvd.service', 'regent-epoch.service'];
  it('are all that act for a cluster', () => {
    const units = SERVICES.flatMap(({ unit, companions = [], instances }) => [
      ...(instances ? [instances.units] : []),
      unit,
      ...companions,
    ]);
    for (const unit of units.filter((name) => !harmless.includes(name))) expect(PARTS, unit).toContain(unit);
  });
  it.each(PARTS)('%s does not start again', (unit) => {
    const file = unit.replace('@*', '@');
    const path = [`${SYSTEMD}/${file}`, `${SYSTEMD}/${file}.d/regent.conf`].find((one) => existsSync(one)) ?? '';
    const conditions = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('ConditionPathExists='));
    // An empty one would take back those before.
    expect(conditions.slice(conditions.lastIndexOf('ConditionPathExists=') + 1)).toContain(
      'ConditionPathExists=!/var/lib/regent/epoch-over.json',
    );
  });
});
