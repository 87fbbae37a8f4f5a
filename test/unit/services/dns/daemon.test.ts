import { describe, expect, it } from 'vitest';
import type { Activation, FileChange } from '../../../../src/services/kit/contract.ts';
import { activateDns, checkDns, parseProbeDns, probeDns, roleChangeDns } from '../../../../src/services/dns/daemon.ts';
import type { DnsDesired } from '../../../../src/services/dns/desired.ts';
import {
  KEYS_CONF,
  LOCAL_CONF,
  NAMED_CHECK,
  NAMED_CONF,
  zoneFile,
  zoneOfFile,
} from '../../../../src/services/dns/view.ts';
import { argvOf } from '../../../kit/argv-of.ts';
import { answer, notAsked, SILENT } from '../../../kit/exec-result.ts';

const zone = (name: string, kind: FileChange['kind'] = 'changed'): FileChange => ({ target: zoneFile(name), kind });
const conf = (kind: FileChange['kind'] = 'changed'): FileChange => ({ target: NAMED_CONF, kind });
const keys = (): FileChange => ({ target: KEYS_CONF, kind: 'changed' });
const FORGET = 'ixfr-* -delete';
const LONG = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(60)).join('.');

/** What rndc is told, without its own options. */
function told(activation: Activation): string[] | string {
  if (activation.kind !== 'command') return activation.kind;
  return activation.commands.map((command) => {
    const argv = argvOf(command);
    return argv[0] === '/usr/bin/find' ? argv.slice(-2).join(' ') : argv.slice(9).join(' ');
  });
}

describe('activation', () => {
  it.each([
    ['one zone', [zone('a.test')], ['reload a.test']],
    ['some zones', [zone('a.test'), zone('b.test')], ['reload a.test', 'reload b.test']],
    ['many zones', Array.from({ length: 9 }, (_, index) => zone(`z${index}.test`)), ['reload']],
    ['options', [conf()], ['reconfig']],
    ['a zone that came', [conf(), zone('a.test', 'added'), zone('b.test')], [FORGET, 'reconfig', 'reload b.test']],
    ['a local zone of a rack', [conf(), { target: LOCAL_CONF, kind: 'changed' as const }], 'restart'],
    ['a key', [keys()], ['reconfig']],
    ['a key and a zone', [keys(), zone('b.test')], ['reconfig', 'reload b.test']],
    [
      'many zones that came',
      [conf(), ...Array.from({ length: 20 }, (_, index) => zone(`z${index}.test`, 'added'))],
      [FORGET, 'reconfig'],
    ],
    ['a zone that went', [conf(), zone('a.test', 'removed')], ['reconfig']],
    ['a file that was lost', [zone('a.test', 'added')], ['reload a.test']],
    ['a zone with a name too long for a file', [zone(LONG)], [`reload ${LONG}`]],
    ['a stranger file that went', [zone('a.test', 'removed')], 'none'],
    ['the first file', [conf('added'), zone('a.test', 'added')], 'restart'],
  ])('of %s', (_what, changes, commands) => {
    const activation = activateDns(changes);
    expect(told(activation)).toEqual(commands);
    expect(activation.why).toMatch(/\w+ .*\w/);
  });

  it('looks for addresses after a virtual IP moved, and nothing else', () => {
    expect(told(roleChangeDns({ kind: 'vip', state: 'backup' }))).toEqual(['scan']);
    expect(told(roleChangeDns({ kind: 'database', state: 'primary' }))).toBe('none');
  });
});

describe('check', () => {
  it('asks about the copy of named.conf that has the keys in it, where there is one', () => {
    const files = [KEYS_CONF, NAMED_CHECK, NAMED_CONF].map((target) => ({ target, staged: target, isChanged: true }));
    expect(checkDns(files).map((command) => command.argv.at(-1))).toEqual([KEYS_CONF, NAMED_CHECK]);
    const unchanged = files.map((file) => ({ ...file, isChanged: file.target === KEYS_CONF }));
    expect(checkDns(unchanged).map((command) => command.argv.at(-1))).toEqual([KEYS_CONF, NAMED_CHECK]);
  });

  it('asks about changed files alone, as the daemon', () => {
    const files = [NAMED_CONF, zoneFile('a.test'), zoneFile('b.test')].map((target, index) => ({
      target,
      staged: target.replace('regent/', 'regent/.stage/'),
      isChanged: index < 2,
    }));
    const commands = checkDns(files);
    expect(commands.map((command) => [command.argv[0], command.user])).toEqual([
      ['/usr/bin/named-checkconf', 'bind'],
      ['/usr/bin/named-checkzone', 'bind'],
    ]);
    expect(commands[1]?.argv.slice(-2)).toEqual(['a.test', '/etc/bind/regent/.stage/zones/db.a.test']);
  });

  it('asks about named.conf with every change: what it includes may have been spoiled', () => {
    const files = (isChanged: boolean) => [
      { target: zoneFile('a.test'), staged: '/etc/bind/regent/.stage/zones/db.a.test', isChanged },
      { target: NAMED_CONF, staged: NAMED_CONF, isChanged: false },
    ];
    expect(checkDns(files(true)).map((command) => command.argv.at(-1))).toEqual([
      '/etc/bind/regent/.stage/zones/db.a.test',
      NAMED_CONF,
    ]);
    expect(checkDns(files(false))).toEqual([]);
  });
});

describe('probe', () => {
  const desired = (...serials: readonly number[]): DnsDesired => ({
    zones: serials.map((serial, index) => ({
      name: `z${index}.test`,
      serial,
      ttl: 1,
      negativeTtl: 1,
      primary: 'a',
      contact: 'b',
      records: [],
    })),
    clients: [],
    forwarders: [],
    dnssecValidation: 'auto',
    rateLimit: 0,
  });
  const soa = (serial: number, status = 'NOERROR') =>
    answer(`status: ${status}\nz0.test.\t30\tIN\tSOA\tr1.x. h.x. ${serial} 1800 300 1 1\n`);

  it('asks for the zones that changed last, at most five', () => {
    const names = probeDns(desired(5, 9, 1, 7, 3, 8, 2)).map(({ name }) => name);
    expect(names).toEqual(['z1.test', 'z5.test', 'z3.test', 'z0.test', 'z4.test']);
    expect(probeDns(desired()).map(({ nameserver, name }) => `${name} @${nameserver}`)).toEqual([
      '127.in-addr.arpa @127.0.0.1',
    ]);
  });

  it.each([
    ['the published serial', soa(5), true, /z0\.test serial 5; 1 zone published/],
    ['an older serial', soa(4), false, /its serial is 4, published is 5/],
    ['no record', answer('status: NOERROR\n'), false, /no SOA record/],
    ['SERVFAIL', soa(5, 'SERVFAIL'), false, /it answered SERVFAIL/],
    ['silence', SILENT, false, /no answer within a second/],
    ['nobody', notAsked('nobody answers'), false, /: nobody answers$/],
  ])('%s', (_what, result, isHealthy, detail) => {
    const health = parseProbeDns([result], desired(5));
    expect(health.isHealthy).toBe(isHealthy);
    expect(health.detail).toMatch(detail);
  });

  it('is content with life when there are no zones', () => {
    expect(parseProbeDns([soa(0)], desired())).toMatchObject({ isHealthy: true });
    expect(parseProbeDns([soa(0, 'REFUSED')], desired())).toMatchObject({ isHealthy: true });
    expect(parseProbeDns([SILENT], desired())).toMatchObject({
      isHealthy: false,
    });
    expect(parseProbeDns([], desired())).toMatchObject({ isHealthy: false });
    expect(parseProbeDns([soa(9)], desired(9, 8))).toMatchObject({
      isHealthy: false,
      detail: expect.stringContaining('z1.test at 127.0.0.1: no query was sent'),
    });
  });
});

describe('zone files', () => {
  it.each(['a.test', '0.10.in-addr.arpa', LONG, 'x'.repeat(200), 'x'.repeat(201)])(
    '%s has its own file and back',
    (name) => {
      const path = zoneFile(name);
      expect(zoneOfFile(path)).toBe(name);
      expect(Math.max(...path.split('/').map((part) => part.length))).toBeLessThan(230);
    },
  );

  it.each([NAMED_CONF, '/etc/bind/regent/zones/x', '/etc/bind/regent/db.a', '/etc/bind/regent/zones/long/a/_b'])(
    '%s is none',
    (path) => {
      expect(zoneOfFile(path)).toBeNull();
    },
  );
});
