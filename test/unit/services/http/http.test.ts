import { describe, expect, it } from 'vitest';
import { servingOf } from '../../../../src/model/networks/serving.ts';
import { compileHttp } from '../../../../src/services/http/compile.ts';
import { activateHttp, parseProbeHttp, roleChangeHttp } from '../../../../src/services/http/daemon.ts';
import type { HttpDesired } from '../../../../src/services/http/desired.ts';
import { http } from '../../../../src/services/http/index.ts';
import { metricsHttp } from '../../../../src/services/http/metrics.ts';
import { markOf, NGINX_CONF } from '../../../../src/services/http/view.ts';
import { renderService } from '../../../../src/services/kit/render.ts';
import { SILENT, webAnswer } from '../../../kit/exec-result.ts';
import { goldenTemplates } from '../../../kit/goldens.ts';
import { CASES, clusterSnapshot, FACTS } from '../../../kit/snapshots.ts';

const pair = CASES['pair'] ?? clusterSnapshot();
const compiled = (nodeId: string, snapshot = pair) => compileHttp(snapshot, nodeId, servingOf(snapshot));
const site = (changes: Partial<HttpDesired> = {}): HttpDesired => ({
  port: 5248,
  regions: [{ name: 'r1', address: '10.77.0.11', port: 5250 }],
  cacheMb: 1024,
  ...changes,
});
const web = (body: string, status = 200) => webAnswer(body, status);
const configurationOf = (desired: HttpDesired, facts = FACTS) =>
  renderService(http, { ...desired }, { facts, templates: goldenTemplates(), generation: 1 })[0]?.content ?? '';

describe('compile', () => {
  it('asks every region node that serves, on both racks of a VLAN', () => {
    for (const nodeId of ['n-r1', 'n-k2'])
      expect(compiled(nodeId)?.regions.map(({ name, port }) => `${name} ${port}`)).toEqual([
        'r1 5250',
        'r2 5250',
        'r3 5250',
      ]);
    expect(compiled('n-r2')).toBeNull();
  });

  it('asks nobody who is still joining, and a drained one last', () => {
    const nodes = pair.nodes.map((node) => {
      if (node.name === 'r3') return { ...node, state: 'joining' as const };
      return node.name === 'r2' ? { ...node, isDrained: true } : node;
    });
    const desired = compiled('n-r1', { ...pair, nodes });
    expect(desired?.regions.map(({ name }) => name)).toEqual(['r1', 'r2']);
    expect(configurationOf(desired ?? site())).toMatch(/server 10\.77\.0\.12:5250 max_fails=1 fail_timeout=5s backup;/);
  });

  it('fetches beforehand what machines commission by and are deployed with; nginx is not told', () => {
    const image = (letter: string, ...names: string[]) => ({
      digest: letter.repeat(64),
      name: 'x',
      architecture: 'amd64' as const,
      files: names.map((name) => ({ name, sha256: 'a'.repeat(64) })),
    });
    const images = {
      defaultImages: [image('a', 'initrd.img', 'vmlinuz')],
      deployedImages: [image('b', 'root.tar.zst')],
    };
    const settings = { ...pair.settings, rack_image_cache: 5000 };
    const desired = compiled('n-r1', { ...pair, ...images, settings });
    expect(desired).toMatchObject({
      cacheMb: 5000,
      wanted: [
        `images/${'a'.repeat(64)}/initrd.img`,
        `images/${'a'.repeat(64)}/vmlinuz`,
        `images/${'b'.repeat(64)}/root.tar.zst`,
      ],
    });
    const without = { ...(desired ?? site()), wanted: [] };
    expect(configurationOf(desired ?? site())).toBe(configurationOf(without));
    expect(configurationOf(without)).toContain('max_size=5000m');
  });

  it('does not run in a site that is no cluster: nobody has a certificate there', () => {
    expect(compiled('n-r1', { ...pair, cluster: null })).toBeNull();
  });
});

describe('configuration', () => {
  it('names addresses of both families, and listens on both where the host has both', () => {
    const regions = [{ name: 'r1', address: 'fd00:77::11', port: 5250 }];
    expect(configurationOf(site({ regions }))).toContain('server [fd00:77::11]:5250 ');
    expect(configurationOf(site())).not.toContain('listen [::]');
    const [nic] = FACTS.interfaces;
    if (!nic) throw new Error('there is no interface');
    const dual = { ...FACTS, interfaces: [{ ...nic, addresses: ['fd00:77::21/64'] }] };
    expect(configurationOf(site(), dual)).toContain('listen [::]:5248 ');
  });

  it('verifies regions by name and shows the certificate of the node', () => {
    const text = configurationOf(site());
    for (const line of [
      'proxy_ssl_verify on;',
      'proxy_ssl_name regent-region;',
      'proxy_ssl_trusted_certificate /etc/regent/pki/ca.crt;',
    ])
      expect(text).toContain(line);
    expect(text).not.toMatch(/proxy_pass http:/);
  });
});

describe('activation', () => {
  it('starts, reloads, or does nothing', () => {
    expect(activateHttp([{ target: NGINX_CONF, kind: 'added' }])).toMatchObject({ kind: 'restart' });
    expect(activateHttp([{ target: NGINX_CONF, kind: 'changed' }])).toMatchObject({ kind: 'reload' });
    expect(activateHttp([])).toMatchObject({ kind: 'none' });
    for (const role of [
      { kind: 'vip', state: 'active' },
      { kind: 'database', state: 'primary' },
    ] as const)
      expect(roleChangeHttp(role)).toMatchObject({ kind: 'none' });
    expect(http.onCertificate?.()).toMatchObject({ kind: 'reload' });
  });
});

describe('probe', () => {
  const good = web(`${markOf(site())}\n`);

  it('is well with the published configuration, also while no region answers', () => {
    expect(parseProbeHttp([good, web(''), web('{}')], site()).detail).toContain('a region answers through it');
    const silent = parseProbeHttp([good, web(''), web('none', 503)], site());
    expect(silent).toMatchObject({ isHealthy: true });
    expect(silent.detail).toContain('no region answers through it');
  });

  it.each([
    ['another configuration', web('0123456789abcdef\n'), 'it runs the configuration 0123456789abcdef'],
    ['another web server', web('<h1>It works</h1>'), "something else than Regent's nginx"],
    ['a refusal', web('', 403), 'no answer'],
    ['silence', SILENT, 'no answer in time'],
  ])('%s is ill', (_what, own, words) => {
    const health = parseProbeHttp([own, web(''), web('{}')], site());
    expect(health.isHealthy).toBe(false);
    expect(health.detail).toContain(words);
  });

  it('counts connections and requests, and nothing of an answer that is none', () => {
    const text =
      'Active connections: 3 \nserver accepts handled requests\n 10 10 42 \nReading: 0 Writing: 1 Waiting: 2 \n';
    expect(metricsHttp([good, web(text)]).map(({ name, isTotal, value }) => [name, isTotal ?? false, value])).toEqual([
      ['connections', false, 3],
      ['connections', true, 10],
      ['requests', true, 42],
    ]);
    expect(metricsHttp([good, web('hello')])).toEqual([]);
    expect(metricsHttp([])).toEqual([]);
  });
});
