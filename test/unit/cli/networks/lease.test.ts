import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../../../src/contract/networks/lease.ts';
import { FakeRegion, page, run } from '../fake-region.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();
const LEASE: Lease = {
  address: '10.10.10.100',
  subnet: '10.10.10.0/24',
  subnetId: 3,
  vlan: 'fabric-1/web',
  vlanId: 2,
  node: 'r1',
  mac: '52:54:00:00:00:01',
  clientId: null,
  hostname: 'Laptop',
  machine: null,
  kind: 'dynamic',
  state: 'active',
  startsAt: at(-60),
  expiresAt: at(540),
};
const STATIC: Lease = {
  ...LEASE,
  address: '10.10.10.7',
  machine: 'web1.regent.internal',
  kind: 'static',
  state: 'expired',
  expiresAt: at(-7200),
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (...words: string[]) => run(region, words, { now: () => NOW });

describe('regent lease', () => {
  it('lists who has which address and until when', async () => {
    region.on('GET /leases', page(STATIC, LEASE));
    expect((await regent('lease', 'list')).out).toBe(
      [
        'ADDRESS       MAC                NAME                  KIND     STATE    EXPIRES   SUBNET',
        '10.10.10.7    52:54:00:00:00:01  web1.regent.internal  static   expired  2 h ago   10.10.10.0/24',
        '10.10.10.100  52:54:00:00:00:01  Laptop                dynamic  active   in 9 min  10.10.10.0/24',
        '',
      ].join('\n'),
    );
    expect((await regent('lease', 'list', '-o', 'name')).out).toBe('10.10.10.7\n10.10.10.100\n');
    expect((await regent('lease', 'list', '-o', 'wide')).out).toContain('fabric-1/web');
  });

  it('asks for what is named', async () => {
    region.on('GET /leases', page());
    const words = '--subnet a --vlan b --node c --mac d --address e --hostname f --state declined'.split(' ');
    expect(await regent('lease', 'list', ...words)).toMatchObject({ code: 0, err: 'There is no lease.\n' });
    expect(Object.fromEntries(region.seen[0]?.query ?? [])).toEqual({
      limit: '1000',
      subnet: 'a',
      vlan: 'b',
      node: 'c',
      mac: 'd',
      address: 'e',
      hostname: 'f',
      state: 'declined',
    });
    expect((await regent('lease', 'list', '--state', 'gone')).code).toBe(2);
  });

  it('shows one, with its machine', async () => {
    region.on('GET /leases/10.10.10.7', { body: STATIC });
    const { out } = await regent('lease', 'show', '10.10.10.7');
    expect(out).toMatch(/^Machine: +web1\.regent\.internal$/m);
    expect(out).toMatch(/^Kind: +static: reserved for this client$/m);
    expect(out).toMatch(/^Expires: +2026-01-01 10:00:00Z \(2 h ago\)$/m);
    expect(await regent('lease', 'show', '10.10.10.9')).toMatchObject({ code: 3 });
  });

  it('of a pair says who serves, and whether its partner has it, too', async () => {
    const pair = { ...LEASE, node: 'k1', partner: 'k2', heldBy: ['k1', 'k2'] };
    region.on('GET /leases', page(pair, { ...pair, heldBy: ['k1'] }, { ...pair, partner: null, heldBy: ['k1'] }));
    const { out } = await regent('lease', 'list', '-o', 'wide');
    const cells = out.split('\n').map((line) => line.split(/ {2,}/).slice(8, 10));
    expect(cells.slice(0, 3)).toEqual([
      ['NODE', 'PARTNER'],
      ['k1', 'k2 has it'],
      ['k1', 'k2 lacks it'],
    ]);
    expect(out).not.toContain('null');
    region.on('GET /leases/10.10.10.100', { body: pair });
    expect((await regent('lease', 'show', '10.10.10.100')).out).toMatch(/^Partner: +k2 has it$/m);
  });

  it('waits until both racks of a pair forgot what was released', async () => {
    const pair = { ...LEASE, node: 'k1', partner: 'k2', heldBy: ['k1', 'k2'] };
    region.on('POST /leases/10.10.10.100/release', { body: pair });
    region.on('GET /leases/10.10.10.100', { body: { ...pair, state: 'expired', heldBy: ['k2'] } });
    const words = ['lease', 'release', '10.10.10.100', '--wait', '--timeout', '2'];
    const slow = await regent(...words);
    expect(slow.err).toContain('k2 has the lease of 10.10.10.100 still');
    expect(slow.code).not.toBe(0);
    region.on('GET /leases/10.10.10.100', { body: { ...pair, state: 'expired', heldBy: [] } });
    expect((await regent(...words)).code).toBe(0);
  });

  it('what a client calls itself cannot forge a line or move the cursor', async () => {
    region.on('GET /leases', page({ ...LEASE, hostname: 'a\nb\u001b[2J\u202e' }));
    const { out } = await regent('lease', 'list');
    expect(out.split('\n')).toHaveLength(3);
    expect(out).not.toMatch(/[\u001b\u202e]/);
  });

  it('watches every second', async () => {
    region.on('GET /leases', page(LEASE));
    const interrupt = new AbortController();
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      if (waits.length === 2) interrupt.abort();
    };
    const { out } = await run(region, ['lease', 'list', '--watch'], {
      now: () => NOW,
      sleep,
      interrupted: interrupt.signal,
    });
    expect(waits).toEqual([1000, 1000]);
    expect(out.match(/10\.10\.10\.100/g)).toHaveLength(2);
  });
});
