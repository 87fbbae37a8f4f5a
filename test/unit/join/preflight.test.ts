import { describe, expect, it } from 'vitest';
import { isRejected, rejected } from '../../../src/core/errors.ts';
import { parseListeners } from '../../../src/join/look.ts';
import { parseInitOptions } from '../../../src/join/options.ts';
import { type HostSeen, judgeHost } from '../../../src/join/preflight.ts';
import { apiUrl, setConfValues, setContext } from '../../../src/join/texts.ts';

const OPTIONS = { name: null, domain: 'regent.internal', address: null, isJson: false, deadlineMs: 1000 };

const GOOD: HostSeen = {
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
  ownPids: [],
  freeMegabytes: 9000,
  conf: '',
  rackConf: null,
  isUnderWay: false,
  hasDatabaseFiles: false,
  hasOwnDatabase: false,
  site: null,
  apiPort: 5240,
};

const judge = (changes: Partial<HostSeen>, options = {}) =>
  judgeHost({ ...GOOD, ...changes }, { ...OPTIONS, ...options });
const sentences = (changes: Partial<HostSeen>, options = {}) =>
  judge(changes, options).findings.map((finding) => `${finding.severity}: ${finding.sentence}`);

describe('preflight', () => {
  it('finds nothing against a rack.conf of its own', () => {
    expect(sentences({ rackConf: 'MAAS_URL=http://192.0.2.11:5240/MAAS\n' })).toEqual([]);
    const interrupted = { rackConf: 'MAAS_URL=http://192.0.2.99:5240/MAAS\n', isUnderWay: true };
    expect(sentences(interrupted).filter((text) => text.startsWith('error'))).toEqual([]);
  });

  it('finds nothing on a good host, and its name and address', () => {
    expect(judge({})).toEqual({ findings: [], name: 'r1', address: '192.0.2.11' });
  });

  it.each<[string, Partial<HostSeen>, RegExp]>([
    ['not root', { uid: 1000 }, /^error: init must run as root/],
    [
      'another system',
      { facts: { ...GOOD.facts, os: { id: 'ubuntu', version: '24.04' } } },
      /^warning: This is ubuntu 24\.04/,
    ],
    ['a checkout', { productRoot: '/home/ada/regent' }, /^error: .*runs from \/home\/ada\/regent.*scripts\/install/],
    ['a folder of a similar name', { productRoot: '/opt/regent2/x' }, /^error: .*runs from/],
    ['missing units', { missingUnits: ['regent-agent.service'] }, /^error: .*regent-agent\.service.*scripts\/install/],
    ['a small disk', { freeMegabytes: 100 }, /^error: .*100 MB free; at least 300/],
    ['a smallish disk', { freeMegabytes: 900 }, /^warning: .*900 MB free/],
    ['unknown ports', { listeners: null }, /^warning: Which ports/],
    ['a bad configuration', { conf: 'A=1\nnonsense\n' }, /^error: \/etc\/regent\/regent\.conf, line 2/],
    ['a bad rack.conf', { rackConf: 'MAAS_URL=x\n' }, /^error: \/etc\/regent\/rack\.conf, line 1: MAAS_URL/],
    [
      'a rack of another site',
      { rackConf: 'MAAS_URL=http://192.0.2.99:5240/MAAS\n' },
      /^error: .*a rack of http:\/\/192\.0\.2\.99:5240\. Take MAAS_URL out/,
    ],
    ['an interrupted init', { isUnderWay: true, hasDatabaseFiles: true }, /^warning: An earlier init was interrupted/],
    ['old data', { hasDatabaseFiles: true }, /^warning: The private database has data already/],
    [
      'a database that is down',
      { hasOwnDatabase: true, site: rejected('unavailable', 'refused') },
      /^error: The database of DATABASE_URL .* does not answer: refused/,
    ],
    [
      "another site's database",
      { hasOwnDatabase: true, site: { isRegent: true, nodes: [{ id: 'a', name: 'x1', credentialDigest: null }] } },
      /^error: The database holds a site already, with the node\(s\) x1/,
    ],
    ['a host name that is none', { facts: { ...GOOD.facts, hostname: '12' } }, /^error: .*is not a host name.*--name/],
    [
      'no address',
      { facts: { ...GOOD.facts, interfaces: [{ name: 'lo', mac: '', addresses: ['127.0.0.1', '::1'] }] } },
      /^error: This host has no IPv4 address/,
    ],
  ])('explains %s', (_, changes, wanted) => {
    expect(sentences(changes)).toEqual([expect.stringMatching(wanted)]);
  });

  it('refuses an address that is not of this host', () => {
    expect(sentences({}, { address: '192.0.2.99' })).toEqual([
      'error: --address: 192.0.2.99 is not an address of this host. Its addresses: 192.0.2.11.',
    ]);
    expect(judge({}, { address: '192.0.2.11', name: 'r7' })).toMatchObject({ name: 'r7', address: '192.0.2.11' });
  });

  it('takes busy ports for errors unless they are our own daemons or the resolver stub', () => {
    const text = [
      'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=5,fd=12))',
      'udp UNCONN 0 0 192.0.2.11:53 0.0.0.0:* users:(("named",pid=12,fd=30),("named",pid=12,fd=31))',
      'tcp LISTEN 0 511 0.0.0.0:5240 0.0.0.0:* users:(("MainThread",pid=20,fd=18))',
      'tcp LISTEN 0 10 [::]:53 [::]:* users:(("dnsmasq",pid=31,fd=5))',
      'tcp LISTEN 0 10 *:80 *:*',
      'garbage',
    ].join('\n');
    const listeners = parseListeners(text);
    expect(listeners).toHaveLength(5);
    expect(sentences({ listeners, ownPids: [12, 20] })).toEqual([
      expect.stringMatching(/^error: Port 53, needed for DNS, is in use by dnsmasq on ::/),
    ]);
    expect(sentences({ listeners, ownPids: [12] })[1]).toMatch(/Port 5240.*MainThread on 0\.0\.0\.0.*REGION_LISTEN/);
  });
});

describe('arguments of init', () => {
  it('reads all options', () => {
    expect(
      parseInitOptions([
        '--single',
        '--name',
        'R1',
        '--domain=Lab.Test.',
        '--address',
        '10.0.0.1',
        '--json',
        '--timeout',
        '9',
      ]),
    ).toEqual({ name: 'r1', domain: 'lab.test', address: '10.0.0.1', isJson: true, deadlineMs: 9000 });
    expect(parseInitOptions(['--single'])).toMatchObject({ name: null, domain: 'regent.internal', address: null });
    expect(parseInitOptions(['-h', '--bogus'])).toBe('help');
  });

  it.each([
    [[], /--single is missing/],
    [['--bogus'], /"--bogus" is not known/],
    [['--single', '--name'], /--name needs a value/],
    [['--single=yes'], /--single takes no value/],
    [['--single', '--name', 'a";};zone "x'], /--name/],
    [['--single', '--domain', 'a b'], /--domain/],
    [['--single', '--address', '10.0.0.300'], /--address/],
    [['--single', '--timeout', '0'], /--timeout/],
  ])('refuses %j', (argv, wanted) => {
    const result = parseInitOptions(argv);
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

  it.each([
    ['0.0.0.0:5240', '192.0.2.1', 'http://192.0.2.1:5240'],
    ['[::]:5240', '2001:db8::1', 'http://[2001:db8::1]:5240'],
    ['127.0.0.1:80', '192.0.2.1', 'http://127.0.0.1:80'],
    [':5240', '192.0.2.1', 'http://192.0.2.1:5240'],
  ])('gives the address of %s', (listen, host, url) => {
    expect(apiUrl(listen, host)).toBe(url);
  });
});
