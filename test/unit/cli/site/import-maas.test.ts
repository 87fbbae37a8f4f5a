import { afterEach, describe, expect, it } from 'vitest';
import { siteOf } from '../../../kit/site-file.ts';
import { MAAS_SECRET, type RecordedMaas, recordedMaas, type RecordedOptions } from '../../../kit/maas-recorded.ts';
import { testAuthority, testIdentity } from '../../../kit/cluster/pki.ts';
import { run } from '../fake-region.ts';
import { withoutCollisions } from '../../../../src/cli/import/collisions.ts';
import { ImportNotes, type ImportReport } from '../../../../src/cli/import/report.ts';

const open: RecordedMaas[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((maas) => maas.close()));
});

async function start(options: RecordedOptions = {}) {
  const maas = await recordedMaas(options);
  open.push(maas);
  return maas;
}

/** A folder in memory, and runs of the command that write into it. */
function importer(maas: Pick<RecordedMaas, 'url'>, files = new Map<string, string>([['key', 'con:tok:sec\n']])) {
  const importMaas = (...more: string[]) =>
    run(null, ['import', 'maas', maas.url, '--key-file', 'key', '--folder', 'out', ...more], {
      readFile: async (path) => files.get(path) ?? null,
      replaceFile: async (path, content) => void files.set(path, String(content)),
    });
  const report = () => JSON.parse(files.get('out/report.json') ?? '') as ImportReport;
  const site = () => siteOf(files.get('out/site.yaml') ?? '');
  return { importMaas, files, report, site };
}

describe('a recorded MAAS', () => {
  it.each(['3.4.0', '3.6.1', '3.7.3'])('of version %s is read by GET only, and comes as files', async (version) => {
    const { importMaas, site, report } = importer(await start({ version }));

    expect(await importMaas()).toMatchObject({ code: 0, err: '' });
    expect(report()).toMatchObject({ version, taken: { machines: 3, devices: 1, subnets: 2, reservations: 2 } });
    const { machines, vlans, bmcs, scripts, users } = site() as unknown as Record<string, Record<string, unknown>[]>;
    expect(machines?.[0]).toMatchObject({
      hostname: 'web1',
      domain: 'maas',
      deployed: { owner: 'ada', locked: true },
      annotations: { rack: '17' },
      tags: ['gpu'],
      bmc: 'ipmi-10.2.0.1',
    });
    const [first, , bond] = (machines?.[0]?.['interfaces'] ?? []) as Record<string, unknown>[];
    expect(first).toMatchObject({ name: 'enp1s0', mac: '52:54:00:aa:00:01' });
    expect(bond).toMatchObject({
      kind: 'bond',
      parents: ['enp1s0', 'enp2s0'],
      bond: { mode: 'active-backup', miimon: 100 },
      addresses: [{ address: '10.1.0.17', subnet: '10.1.0.0/24' }],
    });
    expect(machines?.map(({ deployed }) => deployed !== undefined)).toEqual([true, false, false]);
    expect(vlans?.map(({ name, dhcpOn }) => [name, dhcpOn])).toEqual([
      ['untagged', undefined],
      ['storage', undefined],
    ]);
    expect(bmcs?.[0]).toMatchObject({ parameters: { power_pass: 'file:secrets/ipmi-10.2.0.1.power_pass' } });
    expect(scripts).toMatchObject([{ name: 'check-raid', content: '#!/bin/sh\nexit 0\n', purpose: 'testing' }]);
    expect(users?.map(({ name, role }) => [name, role])).toEqual([
      ['ada', 'user'],
      ['root', 'admin'],
    ]);
  });

  it('reports by name what does not come, and why', async () => {
    const { importMaas, report, files } = importer(await start());
    await importMaas();

    const left = report().entries.filter(({ outcome }) => outcome === 'left-out');
    const reasons = Object.fromEntries(left.map(({ kind, name, why }) => [`${kind} ${name}`, why]));
    expect(reasons).toMatchObject({
      'vlan fabric-0/what?!': expect.stringContaining('what?!'),
      'subnet 10.9.0.0/24': 'its VLAN does not come along',
      'subnet 10.1.0.0/16': 'it overlaps 10.1.0.0/24: subnets share no address',
      'reservation 10.1.0.17': 'web1.maas has the address',
      'record web1.maas A': 'the host of this name has it by itself',
      'domain other.test': expect.stringContaining('not authoritative'),
      'record www.other.test': 'its domain does not come along',
      'tag odd tag': expect.stringContaining('odd tag'),
      'machine bad_name.maas': expect.stringContaining('bad_name'),
      'machine web5.maas': 'another host has its MAC address 52:54:00:aa:00:04',
      'dhcp-snippet ntp': expect.stringContaining('ISC dhcpd'),
      'boot-resource ubuntu/noble': expect.stringContaining('images are not copied'),
      'package-repository main_archive': expect.any(String),
    });
    const changed = report().entries.filter(({ outcome }) => outcome === 'changed');
    const of = (name: string) => changed.filter((entry) => entry.name === name).map(({ why }) => why);
    expect(of('web1.maas')).toEqual(
      expect.arrayContaining([expect.stringContaining('ubuntu/noble'), expect.stringContaining('odd tag')]),
    );
    expect(of('web2.maas')).toEqual(['its state Ready becomes New: commission it in Regent']);
    expect(of('web3.maas')).toContain('its power type amt has no counterpart: it comes without a BMC');
    expect(of('fabric-0/untagged')).toEqual(['DHCP is off in the file: MAAS serves it until you hand it over']);
    expect(files.get('out/report.md')).toContain('* **machine** (1 object)');
  });

  it('leaves secrets where they are, unless they are asked for', async () => {
    const maas = await start();
    const plain = importer(maas);
    await plain.importMaas();
    for (const [path, content] of plain.files) expect(content, path).not.toContain(MAAS_SECRET);

    const stored = importer(maas);
    await stored.importMaas('--secrets', 'store');
    const holding = [...stored.files].filter(([, content]) => content.includes(MAAS_SECRET)).map(([path]) => path);
    expect(holding).toEqual(['out/secrets/ipmi-10.2.0.1.power_pass', 'out/secrets/ipmi-10.2.0.2.power_pass']);
    const env = importer(maas);
    await env.importMaas('--secrets', 'env');
    expect(env.files.get('out/site.yaml')).toContain('env:IPMI_10_2_0_1_POWER_PASS');
  });
});

describe('a MAAS that fails in the middle', () => {
  it('is asked again, and the run ends well', async () => {
    const maas = await start({ fail: (path, count) => path === 'subnets/' && count < 7 });
    const { importMaas } = importer(maas);

    expect(await importMaas()).toMatchObject({ code: 0 });
    expect(maas.seen.filter((path) => path === 'subnets/').length).toBeGreaterThan(2);
  });

  it('for long ends the run with what to do, and the next run continues there', async () => {
    let isBroken = true;
    const maas = await start({
      machines: 250,
      fail: (path) => isBroken && path === 'machines/' && maas.seen.length > 26,
    });
    const { importMaas, site } = importer(maas);

    const cut = await importMaas();
    expect(cut.code).toBe(1);
    expect(cut.err).toContain('it answered 500, 6 times');
    expect(cut.err).toContain('Run the same command again: it continues there.');
    isBroken = false;
    const before = maas.seen.length;
    expect(await importMaas()).toMatchObject({ code: 0 });
    const again = maas.seen.slice(before);
    expect(again.some((path) => path.startsWith('subnets/'))).toBe(false);
    expect(site()['machines']).toHaveLength(250);
    const third = maas.seen.length;
    await importMaas();
    expect(maas.seen.slice(third).some((path) => path.startsWith('subnets/'))).toBe(true);
  });

  it('does not mix two of them in one folder', async () => {
    const { importMaas, files } = importer(await start());
    await importMaas();
    const refused = await importer(await start(), files).importMaas();
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.err).toContain('Give another --folder');
  });
});

describe('what is no MAAS of ours', () => {
  it.each([
    ['an older one', { version: '3.2.9' }, 'is MAAS 3.2.9. Rule: 3.4 to 3.7.'],
    ['a key of no admin', { isAdmin: false }, 'root is no admin of MAAS'],
    ['another key', { key: 'con:tok:other' }, 'the key is refused (401)'],
  ] as const)('%s is refused with the rule', async (_name, options, message) => {
    const { importMaas, files } = importer(await start(options));
    const { code, err } = await importMaas();
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).not.toContain('sec');
    expect([...files.keys()]).toEqual(['key']);
  });

  it('is a page, a redirection, or nothing, and each has its sentence', async () => {
    const pages = await start({ answer: (_, response) => Boolean(response.writeHead(200).end('<html>')) });
    const moved = await start({
      answer: (_, response) => Boolean(response.writeHead(301, { location: 'https://elsewhere.test/' }).end()),
    });
    expect((await importer(pages).importMaas()).err).toContain('is no MAAS: its answer is no JSON');
    expect((await importer(moved).importMaas()).err).toContain('a redirection to https://elsewhere.test/');
    expect((await importer({ url: 'http://127.0.0.1:1' }).importMaas()).err).toContain('ECONNREFUSED');
  });
});

describe('a MAAS with a certificate', () => {
  it('of an unknown authority is refused with the option that helps; with the authority it is read', async () => {
    const authority = await testAuthority();
    const own = await testIdentity(authority, { nodeId: 'r1', isRegion: true, addresses: ['127.0.0.1'] });
    const maas = await start({ tls: { cert: own.certificate, key: own.key } });
    const files = new Map([
      ['key', 'con:tok:sec'],
      ['ca.pem', authority.certificate],
      ['not.pem', 'nothing'],
    ]);
    const { importMaas } = importer(maas, files);

    const refused = await importMaas();
    expect(refused.err).toContain('its certificate is of an authority that is not known here');
    expect(refused.err).toContain('--ca-file');
    expect(maas.seen).toEqual([]);
    expect((await importMaas('--ca-file', 'nowhere')).code).toBe(2);
    expect((await importMaas('--ca-file', 'not.pem')).code).toBe(2);
    expect(await importMaas('--ca-file', 'ca.pem')).toMatchObject({ code: 0, err: '' });
  });
});

describe('ten thousand machines', () => {
  it('are read in pages of a hundred', async () => {
    const maas = await start({ machines: 10_000 });
    const { importMaas, report } = importer(maas);
    const started = performance.now();

    expect(await importMaas()).toMatchObject({ code: 0 });
    expect(report().taken['machines']).toBe(10_000);
    expect(maas.seen.filter((path) => path.startsWith('machines/?id='))).toHaveLength(100);
    console.log(`10,000 machines after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }, 120_000);
});

describe('objects that collide', () => {
  const host = (hostname: string, address: string) => ({
    hostname,
    domain: 'maas',
    interfaces: [{ name: 'eth0', addresses: [{ address }] }],
  });

  it('are apart afterwards, and each is named', () => {
    const notes = new ImportNotes();
    const { hosts, ranges } = withoutCollisions(
      {
        machines: [host('a', '10.0.0.7'), host('b', '10.0.0.7')],
        ranges: [
          { first: '10.0.0.1', last: '10.0.0.9', kind: 'dynamic' },
          { first: '10.0.0.20', last: '10.0.0.29', kind: 'dynamic' },
        ],
      },
      notes,
    );

    expect(ranges).toEqual([{ first: '10.0.0.20', last: '10.0.0.29', kind: 'dynamic' }]);
    expect(
      hosts['machines']?.map(({ interfaces }) => (interfaces as { addresses: unknown[] }[])[0]?.addresses.length),
    ).toEqual([1, 0]);
    expect(notes.entries.map(({ kind, name, why }) => `${kind} ${name}: ${why}`)).toEqual([
      'machine b.maas: address 10.0.0.7: a.maas has it',
      'range 10.0.0.1-10.0.0.9: it holds 10.0.0.7 of a.maas: make it again around that',
    ]);
  });
});
