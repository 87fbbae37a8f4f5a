import { formatRecoveryKey, siteRecoveryKey } from '../../../src/core/recovery-key.ts';
import { describe, expect, it } from 'vitest';
import { runInit } from '../../../src/join/init/init.ts';
import type { InitOptions } from '../../../src/join/init/options.ts';
import { PATHS, UNITS } from '../../../src/join/paths.ts';
import { isSignedBy, readCertificate } from '../../../src/pki/certificate.ts';
import { argvOf } from '../../kit/argv-of.ts';
import { answer, SILENT } from '../../kit/exec-result.ts';
import { FakeSite, INIT_OPTIONS as OPTIONS } from './fake-site.ts';
import { countEffects } from './mortal.ts';

const JSON_OPTIONS: InitOptions = { ...OPTIONS, isJson: true };

describe('regent init', () => {
  it('makes the first node', async () => {
    const site = new FakeSite();
    expect(await runInit(site.ports(), OPTIONS)).toBe(0);
    expect(site.site).toMatchObject({ nodeName: 'r1', addresses: ['10.77.0.11'], domain: 'regent.internal' });
    expect(site.text(PATHS.conf)).toBe('# mine\nLOG_LEVEL=debug\nNODE_NAME=r1\n');
    expect(site.files.get(PATHS.agentConf)).toMatchObject({
      content: 'NODE_NAME=r1\nRACK=yes\n',
      mode: 0o640,
      group: 'regent-agent',
    });
    expect(site.text(PATHS.rackConf)).toMatch(
      /^MAAS_URL=http:\/\/10\.77\.0\.11:5240\/MAAS\nCLUSTER_UUID=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/,
    );
    expect([...site.enabled].sort()).toEqual(Object.values(UNITS).sort());
    expect(site.files.get(PATHS.credential)).toMatchObject({ mode: 0o600, owner: 'regent-agent' });
    expect(site.files.get(PATHS.rootConfig)).toMatchObject({ mode: 0o600, owner: 'root' });
    expect(site.text(PATHS.initNote)).toBeNull();
    const [key] = site.keys;
    const whole = `${key?.consumer}:${key?.token}:${key?.secret}`;
    expect(site.shown).toHaveLength(1);
    expect(site.shown[0]).toContain(whole);
    expect(site.shown[0]).toContain('http://10.77.0.11:5240');
    expect(JSON.parse(site.text(PATHS.rootConfig) ?? '')).toEqual({
      current: 'default',
      contexts: { default: { url: 'http://127.0.0.1:5240', apiKey: whole } },
    });
  });

  it('touches nothing while it is not certain that the host has no data', async () => {
    const eio = answer('', { code: 1, stderr: 'find: ‘/var/lib/etcd/regent/member’: Input/output error\n' });
    const absent = answer('', { code: 1, stderr: 'find: ‘/var/lib/etcd’: No such file or directory\n' });
    for (const [found, code] of [
      [SILENT, 1],
      [eio, 1],
      [absent, 0],
    ] as const) {
      const site = new FakeSite();
      const { host } = site.ports();
      const before = new Map(site.files);
      const exec: typeof host.exec = async (command) =>
        argvOf(command)[0] === 'find' ? found : await host.exec(command);
      expect(await runInit(site.ports({ host: { ...host, exec } }), OPTIONS)).toBe(code);
      if (code === 0) continue;
      expect(site.said.join('\n')).toContain('Cannot find out whether this host has data of an earlier cluster');
      expect(site.files).toEqual(before);
    }
  });

  it('keeps the identity of the rack: of rack.conf, else the one that the agent kept', async () => {
    const uuid = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
    const first = new FakeSite();
    first.put(PATHS.rackConf, `# mine\r\n#MAAS_URL=\r\nexport CLUSTER_UUID="${uuid.toUpperCase()}"\r\n`);
    expect(await runInit(first.ports(), OPTIONS)).toBe(0);
    expect(first.text(PATHS.rackConf)).toContain(uuid);
    const second = new FakeSite();
    second.put(PATHS.rackUuid, `${uuid}\n`);
    expect(await runInit(second.ports(), OPTIONS)).toBe(0);
    expect(second.text(PATHS.rackConf)).toContain(`CLUSTER_UUID=${uuid}`);
  });

  it('shows the key nowhere but in the result, and keeps no secret in its notes', async () => {
    const site = new FakeSite();
    await runInit(site.ports(), OPTIONS);
    const secret = site.keys[0]?.secret ?? '?';
    expect(site.said.join('\n')).not.toContain(secret);
    expect(site.text(PATHS.initDone)).not.toContain(secret);
    const agentSecret = site.text(PATHS.credential)?.trim().split(':')[2] ?? '?';
    expect([...site.said, ...site.shown, site.text(PATHS.initDone)].join('\n')).not.toContain(agentSecret);
  });

  it('says on the second run that it is done, without a key', async () => {
    const site = new FakeSite();
    await runInit(site.ports(), OPTIONS);
    const before = new Map(site.files);
    site.shown = [];
    expect(await runInit(site.ports(), OPTIONS)).toBe(0);
    expect(site.shown.join()).toContain('already');
    expect(site.shown.join()).not.toContain(site.keys[0]?.secret);
    expect(site.files).toEqual(before);
    expect(site.keys).toHaveLength(1);
  });

  it('prints one JSON object', async () => {
    const site = new FakeSite();
    await runInit(site.ports(), JSON_OPTIONS);
    const first: unknown = JSON.parse(site.shown[0] ?? '');
    expect(first).toEqual({
      url: 'http://10.77.0.11:5240',
      apiKey: expect.stringMatching(/^regent:[0-9a-f]+:[0-9a-f]+$/),
      nodeId: site.site?.nodeId,
      already: false,
      // What `regent backup-target set` will take.
      recoveryKey: formatRecoveryKey(siteRecoveryKey(site.text(PATHS.authorityKey) ?? '')),
    });
    await runInit(site.ports(), JSON_OPTIONS);
    expect(JSON.parse(site.shown[1] ?? '')).toEqual({
      url: 'http://10.77.0.11:5240',
      nodeId: site.site?.nodeId,
      already: true,
    });
  });

  it('keeps contexts of other sites and replaces a broken file', async () => {
    const site = new FakeSite();
    site.put(
      PATHS.rootConfig,
      JSON.stringify({ current: 'b', contexts: { b: { url: 'http://b:5240', apiKey: 'a:b:c' } } }),
    );
    await runInit(site.ports(), OPTIONS);
    expect(JSON.parse(site.text(PATHS.rootConfig) ?? '')).toMatchObject({
      current: 'default',
      contexts: { b: { url: 'http://b:5240' }, default: { url: 'http://127.0.0.1:5240' } },
    });
  });

  it('makes authority, certificate, secrets and the first ledger, each for its readers alone', async () => {
    const site = new FakeSite();
    expect(await runInit(site.ports(), { ...OPTIONS, vip: '10.77.0.10/24' })).toBe(0);
    const certificate = readCertificate(site.text(PATHS.certificate) ?? '');
    expect(certificate).toMatchObject({ commonName: 'r1', nodeId: site.site?.nodeId, isRegion: true });
    expect(isSignedBy(site.text(PATHS.certificate) ?? '', site.text(PATHS.authority) ?? '')).toBe(true);
    expect(site.site?.cluster).toMatchObject({
      vip: '10.77.0.10/24',
      virtualRouter: 51,
      certificate: { serial: 'serial' in certificate ? certificate.serial : '' },
      held: { generation: 1 },
    });
    const access = (path: string) => {
      const { mode = 0, owner, group } = site.files.get(path) ?? {};
      return `${mode.toString(8)} ${owner}:${group}`;
    };
    expect(access(PATHS.authorityKey)).toBe('600 regent:regent');
    expect(access(PATHS.secrets)).toBe('600 regent:regent');
    expect(access(PATHS.key)).toBe('640 root:regent-pki');
    expect(access(PATHS.pem)).toBe('640 root:regent-pki');
    expect(access(PATHS.patroniSecrets)).toBe('640 root:postgres');
    expect(access(PATHS.databasePassword)).toBe('640 root:regent');
    expect(access(PATHS.beaconKey)).toBe('640 root:regent-vip');
    expect(access(PATHS.ledger)).toBe('600 regent-agent:regent-agent');
    expect(site.shown[0]).toContain('http://10.77.0.10:5240');
  });

  it('goes on with what an interrupted run began, and refuses another name for it', async () => {
    const site = new FakeSite();
    const askRegion = async () => ({ isReady: false, why: 'not yet' });
    expect(await runInit(site.ports({ askRegion }), OPTIONS)).toBe(5);
    expect(await runInit(site.ports(), { ...OPTIONS, name: 'other' })).toBe(1);
    expect(site.said.join('\n')).toContain(
      'An interrupted init began this cluster with --name r1, and other is requested',
    );
    expect(await runInit(site.ports(), OPTIONS)).toBe(0);
  });

  it('refuses a floating address that somebody answers to', async () => {
    const site = new FakeSite();
    site.neighbours = '10.77.0.10 dev eth0 lladdr 52:54:00:00:00:99 REACHABLE\n';
    expect(await runInit(site.ports(), { ...OPTIONS, vip: '10.77.0.10/24' })).toBe(1);
    expect(site.said.join('\n')).toContain('Another device answers at the floating address 10.77.0.10 already');
  });

  it('takes a floating address whose owner went a moment ago', async () => {
    const site = new FakeSite();
    site.remembered = '10.77.0.10 dev eth0 lladdr 52:54:00:00:00:99 REACHABLE\n';
    expect(await runInit(site.ports(), { ...OPTIONS, vip: '10.77.0.10/24' })).toBe(0);
  });

  it('refuses a database that holds another site', async () => {
    const site = new FakeSite();
    site.isDatabaseUp = true;
    site.isMigrated = true;
    site.site = { nodeId: 'abcd', nodeName: 'other', addresses: [], domain: 'x.test' };
    expect(await runInit(site.ports({ hasOwnDatabase: true }), OPTIONS)).toBe(1);
    expect(site.said.join('\n')).toMatch(/already holds a site with these nodes: other/);
    expect(site.said.at(-1)).toBe('Nothing was changed.');
    expect(site.site.nodeName).toBe('other');
    expect(site.text(PATHS.initNote)).toBeNull();
  });

  it("writes the URLs of the operator's own database for the region alone, and says in the cluster whose it is", async () => {
    const site = new FakeSite();
    site.isDatabaseUp = true;
    const databaseUrl = 'postgresql://regent:s3cr3t@a.example,b.example/site';
    expect(await runInit(site.ports({ hasOwnDatabase: true, databaseUrl }), OPTIONS)).toBe(0);
    expect(site.text(PATHS.conf)).toContain(`\nDATABASE_URL=${databaseUrl}\n`);
    expect(site.text(PATHS.agentConf)).not.toContain('s3cr3t');
    expect(site.site?.cluster).toMatchObject({ isDatabaseExternal: true });
    expect([...site.said, ...site.shown].join('\n')).not.toContain('s3cr3t');
    for (const path of [PATHS.initDone, PATHS.ledger]) expect(site.text(path) ?? '').not.toContain('s3cr3t');
  });

  it('ends with what is missing when the site is not healthy in time', async () => {
    const site = new FakeSite();
    const askRegion = async () => ({ isReady: false, why: 'dns on r1 is check_failed' });
    expect(await runInit(site.ports({ askRegion }), OPTIONS)).toBe(5);
    expect(site.said.join('\n')).toContain('Missing: dns on r1 is check_failed');
    expect(site.shown).toEqual([]);
    expect(await runInit(site.ports(), OPTIONS)).toBe(0);
    expect(site.keys.map((key) => key.isRevoked)).toEqual([true, false]);
  });

  it('changes nothing when a service would refuse the first configuration', async () => {
    const site = new FakeSite();
    const before = new Map(site.files);
    const compile = () => ({ body: { services: {} }, versions: [], refusals: ['the proxy cannot have this name.'] });
    expect(await runInit(site.ports({ compile }), OPTIONS)).toBe(1);
    expect(site.said).toEqual(['error: the proxy cannot have this name.', 'Nothing was changed.']);
    expect(site.files).toEqual(before);
  });

  it('changes nothing when preflight finds an error', async () => {
    const site = new FakeSite();
    site.listening.push('udp UNCONN 0 0 0.0.0.0:53 0.0.0.0:* users:(("dnsmasq",pid=9,fd=4))');
    const before = new Map(site.files);
    expect(await runInit(site.ports(), OPTIONS)).toBe(1);
    expect(site.said.join('\n')).toMatch(/Port 53, needed for DNS, is in use by dnsmasq on 0\.0\.0\.0/);
    expect(site.files).toEqual(before);
    expect(site.starts).toEqual([]);
  });
});

describe('regent init, killed', () => {
  const total = countEffects(new FakeSite(), (site) => runInit(site.ports(), JSON_OPTIONS));

  it('begins the database anew when power was cut while it was made', async () => {
    const site = new FakeSite();
    site.isHalfMade = true;
    expect(await runInit(site.ports(), JSON_OPTIONS)).toBe(0);
    expectWhole(site, 'after half a database', 0);
  });

  it('stops and removes nothing of a database that was made', async () => {
    const site = new FakeSite();
    await site.killed((await total) - 1, true, () => runInit(site.ports(), JSON_OPTIONS));
    const acts = site.starts.length;
    expect(await runInit(site.ports(), JSON_OPTIONS)).toBe(0);
    expect(site.starts.slice(acts).filter((act) => act.startsWith('stop'))).toEqual([]);
  });

  it('has effects to be killed at', async () => {
    expect(await total).toBeGreaterThan(15);
  });

  it.each([false, true])('goes on at every place (effect done, answer lost: %s)', async (after) => {
    for (let kill = 1; kill <= (await total); kill += 1) {
      const site = new FakeSite();
      await site.killed(kill, after, () => runInit(site.ports(), JSON_OPTIONS));
      const shownBefore = site.shown.length;
      expect(await runInit(site.ports(), JSON_OPTIONS), `killed at effect ${kill}`).toBe(0);
      expectWhole(site, `killed at effect ${kill}`, shownBefore);
    }
  });

  it('goes on after two kills at any places', async () => {
    for (let first = 1; first <= (await total); first += 1) {
      for (const second of [Math.ceil(first / 2), first]) {
        const site = new FakeSite();
        for (const left of [first, second]) await site.killed(left, true, () => runInit(site.ports(), JSON_OPTIONS));
        const shownBefore = site.shown.length;
        const when = `killed at ${first}, then at ${second}`;
        expect(await runInit(site.ports(), JSON_OPTIONS), when).toBe(0);
        expectWhole(site, when, shownBefore);
      }
    }
  }, 60_000);
});

/** One node, one credential that fits, one key in force, and that key is the last one that was shown. */
function expectWhole(site: FakeSite, when: string, shownBefore: number): void {
  const good = site.keys.filter((key) => !key.isRevoked);
  expect(good, when).toHaveLength(1);
  const [key] = good;
  const whole = `${key?.consumer}:${key?.token}:${key?.secret}`;
  const results = site.shown.map((text) => JSON.parse(text) as { apiKey?: string; already: boolean });
  expect(results.at(-1)?.already, when).toBe(results.length > 1 && results.at(-1)?.apiKey === undefined);
  expect(results.findLast((result) => result.apiKey !== undefined)?.apiKey, when).toBe(whole);
  expect(site.shown.length, when).toBe(shownBefore + 1);
  expect(site.text(PATHS.rootConfig), when).toContain(whole);
  expect(site.text(PATHS.initNote), when).toBeNull();
  expect(JSON.parse(site.text(PATHS.initDone) ?? ''), when).toMatchObject({
    isKeySeen: true,
    nodeId: site.site?.nodeId,
  });
  expect(site.text(PATHS.credential), when).toContain(`node:${site.site?.nodeId}:`);
  const certificate = site.text(PATHS.certificate) ?? '';
  expect(isSignedBy(certificate, site.text(PATHS.authority) ?? ''), when).toBe(true);
  expect(readCertificate(certificate), when).toMatchObject({ serial: site.site?.cluster?.certificate.serial });
  const secrets = JSON.parse(site.text(PATHS.secrets) ?? '') as { database: string };
  expect(site.text(PATHS.databasePassword), when).toBe(`${secrets.database}\n`);
}
