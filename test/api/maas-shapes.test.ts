import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { ok, readyMachine } from '../kit/maas-site.ts';
import { shapeProblems } from '../kit/maas-shape.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** Objects, filters and codes that no client's own story has yet. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
let machine: string;
const admin = (text: string) => pg.get().admin(text, site.connection.database);
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { deadlineMs: 60_000 });
  maas = maasClient(site);
  machine = await readyMachine(site, admin, 's1', ['52:54:00:91:00:01']);
});
afterAll(() => site.close());

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPJfFnKG1bFMOCLrMNqXTCD2Tf3WVGYnfpgwnqF6Xy6 ada';

describe('objects', () => {
  it('have the fields that MAAS gives them, made, listed and read', async () => {
    await site.call('PATCH', '/vlans/0', { body: { name: 'untagged-1' } });
    ok(
      await maas.post('subnets/', null, {
        cidr: '10.91.0.0/24',
        vlan: String(ok(await maas.get('fabrics/'))[0].vlans[0].id),
      }),
    );
    const cases: readonly (readonly [string, string, Record<string, string>, number?])[] = [
      ['device', 'devices/', { hostname: 'd1', mac_addresses: '52:54:00:91:00:02' }],
      ['resourcepool', 'resourcepools/', { name: 'p1', description: 'first' }],
      ['zone', 'zones/', { name: 'z1', description: 'north' }],
      ['reservedip', 'reservedips/', { ip: '10.91.0.50', mac_address: '52:54:00:91:00:03', comment: 'kept' }],
      ['dhcpsnippet', 'dhcp-snippets/', { name: 's1', value: '{}', global_snippet: 'true', enabled: 'false' }],
      ['sshkey', 'account/prefs/sshkeys/', { key: KEY }, 201],
      ['space', 'spaces/', { name: 'sp1' }],
      ['fabric', 'fabrics/', { name: 'f1' }],
      ['tag', 'tags/', { name: 't1', comment: 'c' }],
      [
        'staticroute',
        'static-routes/',
        { source: '10.91.0.0/24', destination: '10.92.0.0/24', gateway_ip: '10.91.0.9' },
      ],
    ];
    ok(await maas.post('subnets/', null, { cidr: '10.92.0.0/24' }));
    for (const [kind, list, values, status = 200] of cases) {
      const made = ok(await maas.post(list, null, values), status);
      expect([kind, shapeProblems(kind, made)]).toEqual([kind, []]);
      const listed = ok(await maas.get(list)) as object[];
      expect([kind, listed.flatMap((one) => shapeProblems(kind, one))]).toEqual([kind, []]);
      expect([kind, shapeProblems(kind, ok(await maas.get(String(made.resource_uri))))]).toEqual([kind, []]);
    }
  });

  it('of a subnet say who has an address, by which interface and since when', async () => {
    const [subnet] = (ok(await maas.get('subnets/')) as { id: number; cidr: string }[]).filter(
      ({ cidr }) => cidr === '10.91.0.0/24',
    );
    const [card] = ok(await maas.get(`nodes/${machine}/interfaces/`));
    const wish = { mode: 'STATIC', subnet: String(subnet?.id), ip_address: '10.91.0.21' };
    ok(await maas.post(`nodes/${machine}/interfaces/${card.id}/`, 'link_subnet', wish));
    const query = { op: 'ip_addresses', with_username: '1', with_node_summary: '1' };
    const addresses = ok(await maas.get(`subnets/${subnet?.id}/`, query)) as { ip: string }[];
    expect(addresses.find(({ ip }) => ip === '10.91.0.21')).toEqual({
      ip: '10.91.0.21',
      alloc_type: 1,
      created: expect.any(String),
      updated: expect.any(String),
      user: null,
      node_summary: {
        system_id: machine,
        node_type: 0,
        fqdn: 's1.regent.internal',
        hostname: 's1',
        is_container: false,
        via: 'eth0',
      },
    });
    const plain = ok(
      await maas.get(`subnets/${subnet?.id}/`, { op: 'ip_addresses', with_username: '0', with_node_summary: '0' }),
    );
    expect(Object.keys(plain[0]).toSorted()).toEqual(['alloc_type', 'created', 'ip', 'updated']);
  });
});

describe('filters of machines', () => {
  it('find by what they ask for, and by what they leave out', async () => {
    const found = async (query: Record<string, string>) =>
      (ok(await maas.get('machines/', query)) as { hostname: string }[]).map(({ hostname }) => hostname);
    await readyMachine(site, admin, 's2', ['52:54:00:91:00:12']);
    await maas.post('tags/t1/', 'update_nodes', { add: machine });
    for (const [query, wanted] of [
      [{ not_tags: 't1' }, ['s2']],
      [{ tags: 't1' }, ['s1']],
      [{ not_hostname: 's1' }, ['s2']],
      [{ not_id: machine }, ['s2']],
      [{ not_domain: 'regent.internal' }, []],
      [{ power_state: 'unknown' }, ['s1', 's2']],
      [{ not_power_state: 'unknown' }, []],
      [{ status: 'ready' }, ['s1', 's2']],
      [{ simple_status: 'ready', not_hostname: 's2' }, ['s1']],
      [{ not_simple_status: 'ready' }, []],
      [{ deployment_target: 'disk' }, ['s1', 's2']],
      [{ deployment_target: 'memory' }, []],
      [{ not_deployment_target: 'disk' }, []],
      [{ not_arch: 'amd64' }, []],
      [{ not_in_pool: 'default' }, []],
    ] as const)
      expect([query, (await found(query)).toSorted()]).toEqual([query, wanted]);
  });
});

describe('tags', () => {
  it('refuse an update for a definition that they no longer have as a conflict', async () => {
    ok(await maas.post('tags/', null, { name: 'defined', definition: '//node' }));
    const stale = await maas.post('tags/defined/', 'update_nodes', { add: machine, definition: '//old' });
    expect(stale.status).toBe(409);
    expect(stale.headers['retry-after']).toBeUndefined();
  });
});

describe('scripts and what they gave', () => {
  const text = (name: string) =>
    `#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n# name: ${name}\n# --- End MAAS 1.0 script metadata ---\nexit 0\n`;

  it('are listed by names and tags, with their texts where they are asked for', async () => {
    for (const [name, tags] of [
      ['one-test', 'burn'],
      ['two-test', 'quick'],
    ] as const)
      ok(await maas.post('scripts/', null, { name, type: 'testing', tags, script: text(name) }));
    const named = async (query: Record<string, string>) =>
      (ok(await maas.get('scripts/', query)) as { name: string }[]).map(({ name }) => name);
    expect(await named({ filters: 'burn,two-test' })).toEqual(['one-test', 'two-test']);
    expect(await named({ filters: 'quick', type: 'testing' })).toEqual(['two-test']);
    expect(await named({ filters: 'nobody' })).toEqual([]);
    const [whole] = ok(await maas.get('scripts/', { filters: 'burn', include_script: 'true' }));
    expect(Buffer.from(whole.history[0].data, 'base64').toString()).toBe(text('one-test'));
    const [plain] = ok(await maas.get('scripts/', { filters: 'burn' }));
    expect(plain.history[0]).not.toHaveProperty('data');
    expect([shapeProblems('script', whole), shapeProblems('script', plain)]).toEqual([[], []]);
  });

  it('are narrowed by scripts, tags, numbers and hardware, and show outputs where they are asked for', async () => {
    await admin(`insert into machine_script_results (machine_id, run, purpose, script, state, exit_status, started_at, ended_at) values
      ('${machine}', 1, 'testing', 'one-test', 'passed', 0, now(), now()), ('${machine}', 1, 'testing', 'two-test', 'failed', 3, now(), now()),
      ('${machine}', 2, 'commissioning', 'gone-script', 'passed', 0, now(), now())`);
    await admin(`insert into machine_script_outputs (result_id, kind, content, bytes)
      select id, 'output', convert_to('said ' || script, 'UTF8'), 20 from machine_script_results`);
    const at = `nodes/${machine}/results/`;
    type Result = { name: string; script_id: number; output?: string };
    const runs = async (query: Record<string, string>) => {
      const listed = ok(await maas.get(at, query)) as { id: number; status_name: string; results: Result[] }[];
      expect(listed.flatMap((one) => shapeProblems('node_script_result', one))).toEqual([]);
      return listed.map(({ id, results }) => `${id}: ${results.map(({ name }) => name).join(' ')}`);
    };
    expect(await runs({})).toEqual(['2: gone-script', '1: one-test two-test']);
    expect(await runs({ filters: 'burn' })).toEqual(['1: one-test']);
    expect(await runs({ filters: 'two-test,gone-script' })).toEqual(['2: gone-script', '1: two-test']);
    expect(await runs({ hardware_type: 'node' })).toEqual(['1: one-test two-test']);
    expect(await runs({ hardware_type: 'storage' })).toEqual([]);
    const [told] = ok(await maas.get(at, { include_output: 'true', filters: 'burn' }));
    expect(Buffer.from(told.results[0].output, 'base64').toString()).toBe('said one-test');
    const [script] = ok(await maas.get('scripts/', { filters: 'burn' }));
    expect(told.results[0].script_id).toBe(script.id);
    // The state of a run is that of all of it.
    const one = ok(await maas.get(`${at}1/`, { filters: 'burn' }));
    expect([one.status_name, one.results.length, one.results[0].output]).toEqual(['Failed', 1, undefined]);
    const text = await maas.get(`${at}current-testing/`, { op: 'download', filters: 'two-test' });
    expect([text.status, text.raw]).toEqual([200, 'two-test\nsaid two-test\n']);
    expect((await maas.get(`${at}99/`)).status).toBe(404);
  });
});

describe('a machine that is made', () => {
  it('is commissioned with the scripts of the call, or not at all', async () => {
    const wish = (more: Record<string, string>) =>
      maas.post('machines/', null, {
        architecture: 'amd64/generic',
        power_type: 'manual',
        commission: 'true',
        ...more,
      });
    ok(await maas.post('scripts/', null, { name: 'looks', type: 'commissioning', script: '#!/bin/sh\n' }));
    const made = ok(
      await wish({
        hostname: 's9',
        mac_addresses: '52:54:00:91:00:99',
        commissioning_scripts: 'looks',
        testing_scripts: 'none',
      }),
    );
    expect(made.status_name).toBe('Commissioning');
    const scripts = await admin(
      `select s.name from run_scripts s join machine_tokens t on t.id = s.run where t.machine_id = '${made.system_id}'`,
    );
    const chosen = await admin(`select has_scripts from machine_tokens where machine_id = '${made.system_id}'`);
    expect([scripts, chosen]).toEqual([[{ name: 'looks' }], [{ has_scripts: true }]]);
    const tests = await wish({ hostname: 's11', mac_addresses: '52:54:00:91:00:9b', testing_scripts: 'one-test' });
    expect([tests.status, Object.keys(tests.body as object)]).toEqual([400, ['testing_scripts']]);
    const bad = await wish({
      hostname: 's10',
      mac_addresses: '52:54:00:91:00:9a',
      commissioning_scripts: 'no-such-script',
    });
    expect([bad.status >= 400 && bad.status < 500, (await maas.get('machines/', { hostname: 's10' })).body]).toEqual([
      true,
      [],
    ]);
  });
});
