import { describe, expect, it } from 'vitest';
import { isRejected, rejected } from '../../../src/core/errors.ts';
import { type HostInspection, parseListeners, unitOf } from '../../../src/join/look.ts';
import { type InitOptions, parseInitArguments, readInitOptions } from '../../../src/join/init/options.ts';
import { type InitInputs, judgeInit } from '../../../src/join/init/preflight.ts';
import { type Seed, seedSnapshot } from '../../../src/join/init/seed.ts';
import { compileSite } from '../../../src/services/compile-node.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { apiUrl, setConfValues, setContext } from '../../../src/join/texts.ts';
import { INIT_OPTIONS as OPTIONS } from './fake-site.ts';

const GOOD: InitInputs = {
  uid: 0,
  productRoot: '/opt/regent/releases/0.1.0',
  facts: {
    hostname: 'r1',
    os: { id: 'debian', version: '13' },
    isContainer: false,
    interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:01', addresses: ['fe80::1', '169.254.1.1', '192.0.2.11'] }],
    versions: {},
  },
  missingUnits: [],
  listeners: [],
  freeMegabytes: 9000,
  now: Date.UTC(2026, 10, 20),
  conf: '',
  rackConf: null,
  notes: { isInit: false, isInitDone: false, isJoin: false, isJoinDone: false },
  data: [],
  versions: { patroni: 'patroni 4.0.4', postgres: 'postgres (PostgreSQL) 17.6', etcd: 'etcd Version: 3.5.16' },
  note: null,
  hasOwnDatabase: false,
  site: null,
  isVipAnswering: false,
};

const PLAN = {
  name: 'r1',
  address: '192.0.2.11',
  domain: 'regent.internal',
  vip: null,
  virtualRouter: 51,
  isRack: true,
  isDatabaseExternal: false,
};
const NOTE = { ...PLAN, nodeId: '0f3a9c21', clusterId: 'regent-0f3a9c21' };

/** As `regent init` compiles its seed. */
const compile = (seed: Seed) => {
  const { nodes } = compileSite(seedSnapshot(seed), SERVICES, new Map(), 1_800_000_000);
  const found = nodes.get(seed.nodeId)?.findings ?? [];
  return found.filter(({ severity }) => severity === 'error').map(({ sentence }) => sentence);
};
const judge = (changes: Partial<InitInputs>, options = {}) =>
  judgeInit({ ...GOOD, ...changes }, { ...OPTIONS, ...options }, compile);
const sentences = (changes: Partial<InitInputs>, options = {}) =>
  judge(changes, options).findings.map((finding) => `${finding.severity}: ${finding.sentence}`);
const versions = (changes: Partial<HostInspection['versions']>) => ({ versions: { ...GOOD.versions, ...changes } });

/** An empty database of the operator's own, all well but for `changes`. */
const server = (changes: object) => ({
  isRegent: false,
  nodes: [],
  server: { version: 170_006, encoding: 'UTF8', isPlain: false, ...changes },
});

describe('preflight', () => {
  it('finds nothing against a rack.conf of its own', () => {
    expect(sentences({ rackConf: 'MAAS_URL=http://192.0.2.11:5240/MAAS\n' })).toEqual([]);
    const interrupted = { rackConf: 'MAAS_URL=http://192.0.2.99:5240/MAAS\n', note: NOTE };
    expect(sentences(interrupted).filter((text) => text.startsWith('error'))).toEqual([]);
  });

  it('finds nothing on a good host, and its name and address', () => {
    expect(judge({})).toEqual({ findings: [], plan: PLAN });
  });

  it.each<[string, Partial<InitInputs>, RegExp]>([
    ['not root', { uid: 1000 }, /^error: regent init must run as root/],
    [
      'another system',
      { facts: { ...GOOD.facts, os: { id: 'ubuntu', version: '24.04' } } },
      /^warning: This is ubuntu 24\.04/,
    ],
    ['a checkout', { productRoot: '/home/ada/regent' }, /^error: .*runs from \/home\/ada\/regent.*scripts\/install/],
    ['a folder of a similar name', { productRoot: '/opt/regent2/x' }, /^error: .*runs from/],
    ['missing units', { missingUnits: ['regent-agent.service'] }, /^error: .*regent-agent\.service.*scripts\/install/],
    ['a small disk', { freeMegabytes: 100 }, /^error: .*100 MB free; at least 600/],
    ['a smallish disk', { freeMegabytes: 900 }, /^warning: .*900 MB free/],
    ['unknown ports', { listeners: null }, /^warning: The ports in use/],
    ['a clock that never ran', { now: 0 }, /^error: This host's clock says 1970-01-01.*timedatectl/],
    ['a bad configuration', { conf: 'A=1\nnonsense\n' }, /^error: \/etc\/regent\/regent\.conf, line 2/],
    ['a bad rack.conf', { rackConf: 'MAAS_URL=x\n' }, /^error: \/etc\/regent\/rack\.conf, line 1: MAAS_URL/],
    [
      'a rack of another site',
      { rackConf: 'MAAS_URL=http://192.0.2.99:5240/MAAS\n' },
      /^error: .*a rack of http:\/\/192\.0\.2\.99:5240\. Remove MAAS_URL/,
    ],
    ['an interrupted init', { note: NOTE }, /^warning: An earlier init was interrupted/],
    [
      'an interrupted join',
      { notes: { ...GOOD.notes, isJoin: true } },
      /^error: A join of this host was interrupted.*--undo/,
    ],
    ['a host that joined', { notes: { ...GOOD.notes, isJoinDone: true } }, /^error: This host has joined a cluster/],
    [
      'data of an earlier cluster',
      { data: ['/var/lib/postgresql/17/regent/PG_VERSION'] },
      /^error: This host has data of an earlier cluster: .*PG_VERSION.*does not use or remove these data/,
    ],
    [
      'data that cannot be looked at',
      { data: null },
      /^error: Cannot find out whether this host has data of an earlier cluster/,
    ],
    ['an etcd of somebody else', { data: ['/var/lib/etcd/default/member'] }, /^error: An etcd that is not Regent's/],
    ['a Patroni of somebody else', { data: ['/etc/patroni/config.yml'] }, /^error: A Patroni that is not Regent's/],
    [
      'Patroni 3',
      versions({ patroni: 'patroni 3.0.2' }),
      /^error: Patroni .*3\.0\.2.*4\.0 or newer.*lose acknowledged/,
    ],
    ['PostgreSQL 15', versions({ postgres: 'postgres (PostgreSQL) 15.8' }), /^error: PostgreSQL .*17 is needed/],
    ['no etcd', versions({ etcd: null }), /^error: etcd on this host is missing/],
    [
      'an own database',
      { hasOwnDatabase: true, site: { isRegent: false, nodes: [] } },
      /^warning: .*DATABASE_URL.*its nodes run none.*cannot guarantee/,
    ],
    ['a host name that is none', { facts: { ...GOOD.facts, hostname: '12' } }, /^error: .*is not a host name.*--name/],
    [
      'no address',
      { facts: { ...GOOD.facts, interfaces: [{ name: 'lo', mac: '', addresses: ['127.0.0.1', '::1'] }] } },
      /^error: .*this host has no IPv4 address/,
    ],
  ])('explains %s', (_, changes, wanted) => {
    expect(sentences(changes)).toEqual([expect.stringMatching(wanted)]);
  });

  it.each<[string, Partial<InitInputs>, RegExp]>([
    ['a database that is down', { site: rejected('unavailable', 'refused') }, /^error: .*does not answer: refused/],
    ['one that is too old', { site: server({ version: 140_011 }) }, /^error: .*PostgreSQL 14\..*15 or newer/],
    [
      'one that is not tried',
      { site: server({ version: 160_004 }) },
      /^warning: .*PostgreSQL 16\. .*tested with PostgreSQL 17/,
    ],
    ['another encoding', { site: server({ encoding: 'LATIN1' }) }, /^error: .*LATIN1.*UTF8/],
    ['sessions that anybody reads', { site: server({ isPlain: true }) }, /^warning: .*not encrypted.*verify-full/],
    ["another site's", { site: { isRegent: true, nodes: [{ id: 'a', name: 'x1' }] } }, /^error: .*these nodes: x1/],
  ])('explains an own database: %s', (_, changes, wanted) => {
    expect(sentences({ hasOwnDatabase: true, ...changes })[1]).toMatch(wanted);
  });

  it('wants a floating address that is near and nobody has', () => {
    const vip = (text: string, changes = {}) => sentences(changes, { vip: text })[0] ?? 'none';
    expect(vip('192.0.2.10/24')).toBe('none');
    expect(vip('198.51.100.10/24')).toMatch(/^error: vip: no address of the node \(192\.0\.2\.11\) lies in/);
    expect(vip('192.0.2.11/24')).toMatch(/^error: vip: 192\.0\.2\.11 is an address of a node itself/);
    expect(vip('192.0.2.10/24', { isVipAnswering: true })).toMatch(
      /^error: Another device answers at .*192\.0\.2\.10 already/,
    );
  });

  it.each<[string, Partial<InitOptions>, readonly string[], RegExp]>([
    [
      'an IPv6 floating address',
      { vip: '2001:db8::10/64' },
      [],
      /^error: vip: 2001:db8::10 is IPv6, but keepalived is/,
    ],
    ['a multicast one', { vip: '224.0.0.5/1' }, [], /^error: vip: 224\.0\.0\.5 is an address that other hosts do not/],
    [
      'a host of IPv6 with one of IPv4',
      { vip: '192.0.2.10/24', address: '2001:db8::11' },
      ['2001:db8::11'],
      /^error: vip: no/,
    ],
    [
      'loopback',
      { address: '127.0.0.1' },
      ['127.0.0.1'],
      /^error: --address: 127\.0\.0\.1 is reached by no other host/,
    ],
    ["the placeholder's name", { name: 'master' }, [], /^error: --name: "master" is the placeholder's name/],
    ['a name for all', { name: 'regent-region' }, [], /^error: --name: "regent-region" stands for every region node/],
    [
      'a domain in which no name fits',
      { domain: Array(4).fill('a'.repeat(62)).join('.') },
      [],
      /^error: --domain: the full name of the node r1 would have 254 characters\. Rule/,
    ],
  ])('refuses what services would refuse later: %s', (_, options, more, wanted) => {
    const [nic] = GOOD.facts.interfaces;
    const addresses = [...(nic?.addresses ?? []), ...more];
    const interfaces = [{ name: 'eth0', mac: '52:54:00:00:00:01', addresses }];
    const { findings, plan } = judge({ facts: { ...GOOD.facts, interfaces } }, options);
    expect(findings.map(({ severity, sentence }) => `${severity}: ${sentence}`)).toEqual([
      expect.stringMatching(wanted),
    ]);
    expect(plan).toBeNull();
  });

  it('goes on with what an interrupted run began, never with something else', () => {
    expect(judge({ note: { ...NOTE, name: 'r9' } }).plan).toMatchObject({ name: 'r9' });
    expect(sentences({ note: NOTE }, { address: '192.0.2.12' })[1]).toMatch(
      /^error: An interrupted init began this cluster with --address 192\.0\.2\.11, and 192\.0\.2\.12 is requested.*--undo/,
    );
    expect(judge({ note: NOTE, data: ['/var/lib/etcd/regent/member'] }).plan).toEqual(NOTE);
  });

  it('goes on with the database that the interrupted run began with alone', () => {
    const own = { note: { ...NOTE, isDatabaseExternal: true } };
    expect(sentences(own)[1]).toMatch(/^error: .*began this cluster with a database of your own.*none is named now/);
    expect(judge({ ...own, hasOwnDatabase: true }).plan).toMatchObject({ isDatabaseExternal: true });
    expect(sentences({ note: NOTE, hasOwnDatabase: true })[2]).toMatch(
      /^error: .*with its own database, and another one/,
    );
  });

  it('refuses an address that is not of this host', () => {
    expect(sentences({}, { address: '192.0.2.99' })).toEqual([
      'error: --address: 192.0.2.99 is not an address of this host. Rule: one of 192.0.2.11.',
    ]);
    expect(judge({}, { address: '192.0.2.11', name: 'r7' }).plan).toMatchObject({ name: 'r7', address: '192.0.2.11' });
  });

  it('takes busy ports for errors unless they are our own daemons or the resolver stub', () => {
    const text = [
      'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=5,fd=12))',
      'udp UNCONN 0 0 192.0.2.11:53 0.0.0.0:* users:(("named",pid=12,fd=30),("named",pid=12,fd=31))',
      'tcp LISTEN 0 511 0.0.0.0:5432 0.0.0.0:* users:(("postgres",pid=20,fd=18))',
      'tcp LISTEN 0 10 [::]:53 [::]:* users:(("dnsmasq",pid=31,fd=5))',
      'tcp LISTEN 0 10 *:80 *:*',
      'garbage',
    ].join('\n');
    const listeners = parseListeners(text);
    expect(listeners).toHaveLength(5);
    const units: Record<number, string> = { 12: 'named.service', 20: 'patroni.service' };
    const own = listeners.map((listener) => ({ ...listener, unit: units[listener.pid ?? 0] ?? '' }));
    expect(sentences({ listeners: own })).toEqual([
      expect.stringMatching(/^error: Port 53, needed for DNS, is in use by dnsmasq on ::/),
    ]);
    expect(sentences({ listeners })[1]).toMatch(/^error: Port 5432, needed for PostgreSQL.*postgres on 0\.0\.0\.0/);
  });

  it.each([
    ['0::/system.slice/patroni.service\n', 'patroni.service'],
    ['12:cpu:/\n1:name=systemd:/payload/system.slice/etcd.service\n', 'etcd.service'],
    ['0::/system.slice/system-postgresql.slice/postgresql@17-main.service\n', 'postgresql@17-main.service'],
    ['0::/user.slice/user-0.slice/session-1.scope\n', null],
    ['', null],
  ])('finds the unit of a process in %j', (text, unit) => {
    expect(unitOf(text)).toBe(unit);
  });
});

describe('arguments of init', () => {
  const read = (argv: readonly string[], seed: string | null = null) => {
    const given = parseInitArguments(argv);
    if (given === 'help' || isRejected(given)) return given;
    return readInitOptions(given, seed === null ? null : { name: 'seed', text: seed });
  };

  it('reads all options', () => {
    const argv = ['--name', 'R1', '--domain=Lab.Test.', '--address', '10.0.0.1', '--json', '--timeout', '9'];
    const wanted = { name: 'r1', domain: 'lab.test', address: '10.0.0.1', isJson: true, deadlineMs: 9000 };
    const single = { ...wanted, vip: null, virtualRouter: null, isRack: true };
    expect(read([...argv, '--single'])).toEqual({ ...single, databaseFile: null });
    expect(read([...argv, '--single', '--database', '-'])).toEqual({ ...single, databaseFile: '-' });
    expect(read([...argv, '--vip', '10.0.0.9/24', '--virtual-router=7'])).toEqual({
      ...wanted,
      vip: '10.0.0.9/24',
      virtualRouter: 7,
      isRack: false,
      databaseFile: null,
    });
    expect(read(['--single'])).toMatchObject({ name: null, domain: null, address: null, deadlineMs: 180_000 });
    expect(read(['-h', '--bogus'])).toBe('help');
  });

  it('reads a seed file, over which options win', () => {
    const seed = '# a seed\nNAME=r5\nVIP=10.0.0.9/24\nADDRESS=10.0.0.5\nRACK=yes\n';
    expect(read(['seed'], seed)).toMatchObject({ name: 'r5', vip: '10.0.0.9/24', address: '10.0.0.5', isRack: true });
    expect(read(['seed', '--name', 'r6'], seed)).toMatchObject({ name: 'r6' });
    expect(read(['seed', '--single'], seed)).toMatchObject({ vip: null, isRack: true });
  });

  it.each([
    [[], null, /--vip ADDRESS\/PREFIX.*or --single/],
    [['--bogus'], null, /"--bogus" is not known/],
    [['--single', '--name'], null, /--name needs a value/],
    [['--single=yes'], null, /--single takes no value/],
    [['--single', '--vip', '10.0.0.9/24'], null, /--single and --vip exclude each other/],
    [['--vip', '10.0.0.9'], null, /is not a floating address/],
    [['--vip', '10.0.0.9/24', '--virtual-router', '256'], null, /--virtual-router is a whole number from 1 to 255/],
    [['--single', '--name', 'a";};zone "x'], null, /--name/],
    [['--single', '--domain', 'a b'], null, /--domain/],
    [['--single', '--address', '10.0.0.300'], null, /--address/],
    [['--single', '--timeout', '0'], null, /--timeout/],
    [['seed', 'more', '--single'], null, /too many arguments/],
    [['seed'], 'VIP=2001:db8::10/64\n', /^vip: 2001:db8::10 is IPv6.*Rule: IPv4 ADDRESS/],
    [['seed', '--single'], 'ADDRESS=fe80::1\n', /^seed: ADDRESS: fe80::1 is reached by no other host/],
    [['seed', '--single'], 'NAME=master\n', /^seed: NAME: "master" is the placeholder/],
    [['seed', '--single'], 'DOMAIN=in-addr.arpa\n', /^seed: DOMAIN: .*reverse zone/],
    [['seed', '--single'], 'VIRTUAL_ROUTER=0\n', /seed: VIRTUAL_ROUTER is a whole number from 1 to 255/],
    [['seed'], 'VIPP=1\n', /seed: VIPP is not known/],
    [['seed'], 'NAME r1\n', /seed, line 1/],
    [['seed', '--single'], 'RACK=maybe\n', /RACK is yes or no/],
  ])('refuses %j with the seed %j', (argv, seed, wanted) => {
    const result = read(argv, seed);
    expect(isRejected(result) && result.message).toMatch(wanted);
  });
});

describe('files of init', () => {
  it('sets values and keeps every other line', () => {
    const set = (text: string) => setConfValues('x', text, { NODE_NAME: 'r1' });
    expect(set('')).toBe('NODE_NAME=r1\n');
    expect(set('# c\nA=1')).toBe('# c\nA=1\nNODE_NAME=r1\n');
    expect(set('#NODE_NAME=\nA=1\n')).toBe('NODE_NAME=r1\nA=1\n');
    expect(set('NODE_NAME=a\nA=1\nexport NODE_NAME = "b"\n')).toBe('A=1\nNODE_NAME=r1\n');
    expect(set("NODE_NAME='r1' # mine\n")).toBe("NODE_NAME='r1' # mine\n");
    expect(isRejected(set('bad'))).toBe(true);
  });

  it('sets the context', () => {
    const context = { url: 'http://127.0.0.1:5240', apiKey: 'a:b:c' };
    const wanted = { current: 'default', contexts: { default: context } };
    for (const before of [null, '', 'no json', '[]', '{"contexts": 3}']) {
      expect(JSON.parse(setContext(before, context))).toEqual(wanted);
    }
  });

  it('gives the address of an API', () => {
    expect(apiUrl('192.0.2.1')).toBe('http://192.0.2.1:5240');
    expect(apiUrl('2001:db8::1', 80)).toBe('http://[2001:db8::1]:80');
  });
});
