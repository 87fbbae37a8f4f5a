import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BROKEN_BUILDS, OVERLAYS } from '../../../src/drills/overlay/broken.ts';
import type { Overlay } from '../../../src/drills/overlay/overlay.ts';
import { edited } from '../../../src/drills/overlay/edit.ts';
import { STOCK_PAIR } from '../../../src/drills/overlay/stock-pair.ts';
import { STOCK } from '../../../src/drills/overlay/stock.ts';
import { drawn } from '../../kit/cluster/broken.ts';
import { dice } from '../../kit/dice.ts';
import { hazardOf } from '../../../src/drills/hazards/catalogue.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Where a host's file comes from: rendered ones from the goldens of a cluster of three. */
const ORIGINS: readonly (readonly [string, string])[] = [
  ['/opt/regent/current/', ''],
  ['/etc/systemd/system/', 'systemd/'],
  ['/etc/sysctl.d/90-regent.conf', 'systemd/sysctl.conf'],
  ['/etc/patroni/regent/', 'test/golden/db/cluster/'],
  ['/etc/etcd/regent/', 'test/golden/dcs/cluster/'],
  ['/etc/haproxy/regent/', 'test/golden/lb/cluster/'],
  ['/etc/keepalived/regent/', 'test/golden/vip/cluster/'],
  ['/etc/kea/regent-k1_k2/', 'test/golden/dhcp/instances/k1/dhcp@k1_k2/'],
  ['/etc/kea/regent-k2_k1/', 'test/golden/dhcp/instances/k1/dhcp@k2_k1/'],
];

function soundText(path: string): string {
  const origin = ORIGINS.find(([prefix]) => path.startsWith(prefix));
  if (origin === undefined) throw new Error(`nobody knows where ${path} comes from`);
  return readFileSync(join(ROOT, origin[1] + path.slice(origin[0].length)), 'utf8');
}

function textOf(overlay: Overlay, path: string): string {
  const file = overlay.files.find((item) => item.path === path);
  if (file === undefined) throw new Error(`${overlay.name} does not change ${path}`);
  return edited(file, soundText(path));
}

describe('an edit', () => {
  const file = (...edits: (readonly [string, string])[]) => ({
    path: '/etc/x.conf',
    edits: edits.map(([old, now]) => ({ old, now })),
  });

  it('is done where its piece stands exactly once; what comes in its place is taken as it is', () => {
    expect(edited(file(['b', "$&$'"], ['c', '']), 'abc')).toBe("a$&$'");
  });

  it.each([
    ['nowhere', 'abc', /\/etc\/x\.conf has "z" 0 times/],
    ['twice', 'azbz', /has "z" 2 times/],
  ])('is refused where its piece stands %s', (_, text, why) => {
    expect(() => edited(file(['z', 'y']), text)).toThrow(why);
  });
});

describe('overlays', () => {
  it.each(OVERLAYS)('$name fits the files that a cluster has, and changes each of them', (overlay) => {
    for (const { path } of overlay.files) expect(textOf(overlay, path), path).not.toBe(soundText(path));
    expect(overlay.proofs.length).toBeGreaterThan(0);
    for (const unit of overlay.held) expect(existsSync(join(ROOT, 'systemd', unit)), unit).toBe(true);
  });

  it('have names of their own', () => {
    expect(new Set(OVERLAYS.map(({ name }) => name)).size).toBe(OVERLAYS.length);
    for (const { name } of OVERLAYS) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

describe('stock settings', () => {
  it('are what the engines come with', () => {
    const dynamic: unknown = JSON.parse(textOf(STOCK, '/etc/patroni/regent/dynamic.json'));
    expect(dynamic).toMatchObject({
      ttl: 30,
      loop_wait: 10,
      retry_timeout: 10,
      primary_start_timeout: 300,
      maximum_lag_on_failover: 1_048_576,
      synchronous_mode: false,
      synchronous_mode_strict: false,
      postgresql: { parameters: { wal_receiver_timeout: '60s', wal_sender_timeout: '60s', tcp_user_timeout: 0 } },
    });
    const etcd = textOf(STOCK, '/etc/etcd/regent/etcd.yml');
    expect(etcd).toContain('heartbeat-interval: 100\nelection-timeout: 1000\n');
    const keepalived = textOf(STOCK, '/etc/keepalived/regent/keepalived.conf');
    expect(keepalived).toContain('advert_int 1\n');
    expect(keepalived).not.toMatch(/down_timer_adverts|timer_expired|^ {4}vrrp_garp|^ {4}max_auto|^ {4}track_file/m);
    const haproxy = textOf(STOCK, '/etc/haproxy/regent/haproxy.cfg');
    expect(haproxy).not.toMatch(/\binter\b|\bfall\b|\brise\b|on-marked-down|tcp-ut|tcpka|timeout check/);
    expect(haproxy.match(/default-server check/g)).toHaveLength(3);
  });

  it.each(OVERLAYS)('$name never holds what Patroni does not start without', ({ held }) => {
    expect(held).not.toContain('regent-etcd-way.service');
  });

  it('leave what is not about failover as it is', () => {
    const sound: object = JSON.parse(soundText('/etc/patroni/regent/dynamic.json'));
    const stock: object = JSON.parse(textOf(STOCK, '/etc/patroni/regent/dynamic.json'));
    expect(Object.keys(stock)).toEqual(Object.keys(sound));
    // The number says who is newer: the same, so that ours can be put back.
    expect(stock).toMatchObject({ regent_version: new Map(Object.entries(sound)).get('regent_version') });
  });

  it('of a rack pair are those of Kea’s manual, each side deciding for itself', () => {
    for (const pair of ['k1_k2', 'k2_k1']) {
      const text = textOf(STOCK_PAIR, `/etc/kea/regent-${pair}/kea-dhcp4-${pair}.conf`);
      expect(text).not.toContain('"auto-failover": false');
      expect(text.match(/"auto-failover": true/g)).toHaveLength(2);
      for (const line of ['"heartbeat-delay": 10000', '"max-response-delay": 60000', '"max-unacked-clients": 10'])
        expect(text).toContain(line);
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
    const [proof] = STOCK_PAIR.proofs;
    expect(proof?.isTaken('k1_k2 hot-standby\n')).toBe(true);
    expect(proof?.isTaken('k1_k2 partner-down\n')).toBe(false);
  });

  it('are proven by what daemons answer', () => {
    const says = (what: RegExp, answer: string) => STOCK.proofs.find((proof) => what.test(proof.what))?.isTaken(answer);
    const config = { ttl: 30, loop_wait: 10, retry_timeout: 10, synchronous_mode: false, primary_start_timeout: 300 };
    expect(says(/Patroni/, JSON.stringify(config))).toBe(true);
    expect(says(/Patroni/, JSON.stringify({ ...config, ttl: 20 }))).toBe(false);
    expect(says(/Patroni/, 'no answer')).toBe(false);
    const stat = (rise: number) => `# pxname,svname,check_rise,check_fall,\ndatabase,r1,2,3,\nready,r1,${rise},3,\n\n`;
    expect(says(/haproxy/, stat(2))).toBe(true);
    expect(says(/haproxy/, stat(1))).toBe(false);
    expect(says(/haproxy/, '# pxname,svname,check_rise,check_fall,\n')).toBe(false);
    expect(says(/waits for no standby/, 'names: \n')).toBe(true);
    expect(says(/waits for no standby/, 'standby\n')).toBe(true);
    expect(says(/waits for no standby/, 'names: 2 (r2,r3)\n')).toBe(false);
    expect(says(/waits for no standby/, '')).toBe(false);
  });
});

describe('broken builds', () => {
  it('are chosen by number, by names, or all; a word that names none is refused', () => {
    const names = (only?: string) => drawn(BROKEN_BUILDS, only, dice(3)).map(({ overlay }) => overlay.name);
    expect(names()).toEqual(BROKEN_BUILDS.map(({ overlay }) => overlay.name));
    expect(names('1')).toHaveLength(1);
    expect(names('gate,async')).toEqual(['asynchronous-commit', 'gate-off']);
    expect(() => names('gate,nothing')).toThrow('"nothing"');
    const ever = Array.from({ length: 50 }, (_, seed) => drawn(BROKEN_BUILDS, '1', dice(seed))[0]?.overlay.name);
    expect(new Set(ever).size).toBe(BROKEN_BUILDS.length);
  });

  it.each(BROKEN_BUILDS)(
    '$overlay.name must fail a drill that there is, by a check that it has',
    ({ drill, check, probe }) => {
      const hazard = hazardOf(drill);
      expect(hazard).toBeDefined();
      const judged = hazard?.expects.filter(
        ({ withinMs, failures }) => (check === 'failures' ? failures : withinMs) !== undefined,
      );
      const always = ['ledger', 'holders', 'primaries'].includes(check);
      expect(always || (judged?.some((item) => item.probe === probe) ?? false)).toBe(true);
    },
  );

  it('still are programs', () => {
    for (const { overlay } of BROKEN_BUILDS) {
      for (const { path } of overlay.files.filter((file) => file.path.endsWith('.ts'))) {
        const count = (text: string, sign: string) => text.split(sign).length;
        const text = textOf(overlay, path);
        expect(count(text, '{'), path).toBe(count(text, '}'));
      }
    }
  });
});
