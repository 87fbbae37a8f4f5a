import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { lightFetch } from '../../../src/cli/light-fetch.ts';
import { FakeRegion, page, problem, run, TEST_KEY } from './fake-region.ts';

const RECORD = {
  id: 7,
  fqdn: 'www.example.test',
  domain: 'example.test',
  name: 'www',
  type: 'A',
  data: '192.0.2.1',
  ttl: null,
};
const SERVICE = {
  node: 'r1',
  service: 'dns',
  state: 'unhealthy',
  since: '2026-03-01T09:57:00Z',
  why: 'named did not answer\n\u001b[2Jwithin 2 s',
  isWanted: true,
  wanted: 4,
  applied: 3,
  isCurrent: false,
  reportedAt: '2026-03-01T09:59:58Z',
  lastState: 'unhealthy',
  version: 'BIND 9.20.11',
  lastAction: { kind: 'restart', why: 'the probe failed 3 times', at: '2026-03-01T09:58:00Z' },
  restart: null,
  findings: [],
};
const STATUS = {
  state: 'ok',
  summary: 'All is well.',
  version: '0.1.0',
  time: '2026-03-01T10:00:00Z',
  revision: 5,
  published: 5,
  database: { state: 'ok', why: '', latencyMs: 1.26 },
  nodes: [{ name: 'r1', isCurrent: true, isStale: false, since: '2026-03-01T09:00:00Z', wanted: 4, applied: 4 }],
  services: [{ node: 'r1', service: 'dns', state: 'healthy', since: '2026-03-01T09:00:00Z', why: 'answers' }],
  findings: [],
  counts: {
    domains: 1,
    records: 2,
    machines: 3,
    vlans: 1,
    subnets: 4,
    leases: 0,
    racksWaiting: 2,
    withoutSecondary: 2,
  },
};
const PREVIEW = {
  dryRun: true,
  object: RECORD,
  nodes: [
    {
      node: 'r1',
      files: [
        {
          service: 'dns',
          target: '/etc/bind/regent/zones/db.example.test',
          change: 'changed',
          diff: '@@ -1 +1 @@\n+www A 192.0.2.1\n',
        },
      ],
      findings: [],
    },
  ],
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

describe('looking', () => {
  it('looks again and again with --watch, also after a failure, until interrupted', async () => {
    const interrupt = new AbortController();
    let looks = 0;
    region.reply('GET /status', () => {
      looks += 1;
      if (looks === 2) return problem(403, 'forbidden', 'The role does not allow this.');
      if (looks === 4) interrupt.abort();
      return { body: { ...STATUS, summary: `Look ${looks}.` } };
    });
    const { code, out, err } = await run(region, ['status', '--watch', '0.01'], { interrupted: interrupt.signal });
    expect(code).toBe(0);
    expect(out).toContain('OK: Look 1.');
    expect(out).toContain('OK: Look 3.');
    expect(err).toContain('The role does not allow this.');
    expect((await run(region, ['record', 'list', '--watch', 'often'])).code).toBe(2);
    expect((await run(region, ['record', 'delete', 'x', '--watch'])).code).toBe(2);
  });

  it('lists page by page', async () => {
    region.reply('GET /records', ({ query }) =>
      query.has('cursor') ? page({ ...RECORD, id: 8, fqdn: 'b.test' }) : { body: { items: [RECORD], next: 'more' } },
    );
    const { code, out } = await run(region, ['record', 'list', '--domain', 'example.test', '-o', 'name']);
    expect({ code, out }).toEqual({ code: 0, out: 'www.example.test,A,192.0.2.1\nb.test,A,192.0.2.1\n' });
    expect(region.seen.map(({ query }) => query.get('domain'))).toEqual(['example.test', 'example.test']);
  });

  it('takes global options anywhere', async () => {
    region.on('GET /records', page(RECORD));
    for (const argv of [
      ['-o', 'csv', 'record', 'list'],
      ['record', '-o', 'csv', 'list'],
      ['record', 'list', '--output=csv'],
    ]) {
      expect((await run(region, argv)).out).toMatch(/^name,type,data,ttl,domain,id\r\nwww/);
    }
  });

  it('shows one record or the table of several', async () => {
    region.on('GET /records', page(RECORD));
    expect((await run(region, ['record', 'show', 'www.example.test'])).out).toMatch(/^name: +www\.example\.test\n/);
    region.on('GET /records', page(RECORD, { ...RECORD, id: 8, data: '192.0.2.2' }));
    expect((await run(region, ['record', 'show', 'www.example.test', 'A'])).out.split('\n')).toHaveLength(4);
    region.on('GET /records', page());
    expect(await run(region, ['record', 'show', 'nope.test'])).toMatchObject({ code: 3, out: '' });
  });

  it('says of a service what happened and since when', async () => {
    region.on('GET /services', page(SERVICE));
    const { out } = await run(region, ['service', 'show', 'dns']);
    expect(out).toContain('State:        unhealthy');
    expect(out).toContain('Since:        2026-03-01 09:57:00Z (3 min ago)');
    expect(out).toContain('Last action:  restart at 2026-03-01 09:58:00Z (2 min ago)');
    expect(out).toContain('Because:      the probe failed 3 times');
    expect(out).toContain('\\x1b[2Jwithin 2 s');
    expect(out).not.toContain('\u001b');
    region.on('GET /services/r1/dns', { body: { ...SERVICE, metrics: [] } });
    for (const argv of [
      ['service', 'show', 'r1/dns'],
      ['service', 'show', 'dns', '--node', 'r1'],
    ]) {
      expect((await run(region, argv)).out).toBe(out);
    }
    const labels = { subnet: '10.0.0.0/24' };
    const metrics = [
      { name: 'leases', unit: 'count', value: 12, labels },
      { name: 'sent', unit: 'bytes', isTotal: true, value: 2048 },
    ];
    region.on('GET /services/r1/dns', { body: { ...SERVICE, metrics } });
    expect((await run(region, ['service', 'show', 'r1/dns'])).out).toMatch(
      /^Metrics: +leases\{subnet=10\.0\.0\.0\/24\} {2}12\n +sent_total {2}2048 bytes$/m,
    );
  });

  it('shows the site, and exits with 6 when it is degraded', async () => {
    region.on('GET /status', { body: STATUS });
    const good = await run(region, ['status']);
    expect(good.code).toBe(0);
    expect(good.out.split('\n')[0]).toBe('OK: All is well.');
    expect(good.out).toContain('1 domain, 2 records, 3 machines, 1 vlan, 4 subnets, 0 leases');
    expect(good.out).toContain('2 wait for an admin: regent rack list --state waiting');
    expect(good.out.split('\n').length).toBeLessThan(24);
    region.on('GET /status', {
      body: {
        ...STATUS,
        state: 'degraded',
        summary: 'dns on r1 is unhealthy.',
        services: [...STATUS.services, { ...STATUS.services[0], service: 'ntp', state: 'unhealthy' }],
        findings: [
          { node: 'r1', service: 'dns', code: 'x', severity: 'error', subject: 'zone a', sentence: 'Broken.' },
        ],
      },
    });
    const bad = await run(region, ['status']);
    expect(bad.code).toBe(6);
    expect(bad.out.split('\n')[0]).toBe('DEGRADED: dns on r1 is unhealthy.');
    expect(bad.out).toContain('error: dns on r1: zone a: Broken.');
    // What is wrong comes first.
    expect(bad.out.indexOf('ntp ')).toBeLessThan(bad.out.indexOf('dns      r1'));
    expect((await run(region, ['status', '-o', 'name'])).out).toBe('degraded\n');
  });

  it("prints a setting's bare value", async () => {
    region.on('GET /settings/upstream_dns', {
      body: { name: 'upstream_dns', value: ['192.0.2.53', '192.0.2.54'], default: [], isDefault: false },
    });
    expect((await run(region, ['setting', 'get', 'upstream_dns'])).out).toBe('192.0.2.53, 192.0.2.54\n');
  });

  it('shows what is not yet in force', async () => {
    region.on('GET /config/diff', {
      body: { revision: 5, nodes: [{ ...PREVIEW.nodes[0], wanted: 4, applied: 3, isCurrent: false }] },
    });
    const { out } = await run(region, ['config', 'diff']);
    expect(out).toContain('  +www A 192.0.2.1');
    expect(out).toContain('Not yet in force: r1 (generation 3 of 4).');
  });

  it('shows a change with what was found when it was compiled', async () => {
    const rest = { service: 'dns', code: 'c', remedy: 'Mend it.', since: '2026-03-01T10:00:00.000Z' };
    const one = {
      ...rest,
      node: 'r1',
      severity: 'error',
      subject: 'zone a',
      sentence: 'Bad.',
      isNew: true,
      untilAt: null,
    };
    const two = { ...one, severity: 'warning', subject: 'zone b', isNew: false, untilAt: '2026-03-02T10:00:00.000Z' };
    const change = { id: 12, at: rest.since, who: 'ann', origin: 'api', summary: 'x', reverts: null, rows: [] };
    const compiled = { id: 12, state: 'compiled', compiledAt: rest.since, first: 11, last: 12, isCut: false };
    const held = [{ name: 'snippet phones', why: 'No such option.', remedy: 'Change it.' }];
    const refusal = {
      node: 'k1',
      service: 'dhcp',
      generation: 3,
      state: 'check_failed',
      why: 'line 7',
      held,
      at: rest.since,
    };
    const found = { ...compiled, items: [one, two], gone: [two], refusals: [refusal] };
    region.on('GET /config/history/12', { body: change });
    region.on('GET /config/history/12/findings', { body: found });
    const file = { service: 'dhcp', target: '/etc/kea/kea-dhcp4.conf', change: 'changed', diff: '' };
    const files = { id: 12, nodes: [{ node: 'k1', files: [file], findings: [] }], lost: ['k2'] };
    region.on('GET /config/history/12/files', { body: files });
    const { out } = await run(region, ['config', 'show', '12']);
    expect(out).toContain('with changes 11 to 12');
    expect(out).toContain('Found:      new error: r1, dns, zone a: Bad (since 2026-03-01T10:00:00.000Z). Mend it.\n');
    expect(out).toContain(
      'warning: r1, dns, zone b: Bad (since 2026-03-01T10:00:00.000Z). Mend it. (until 2026-03-02 10:00:00Z)',
    );
    expect(out).toContain('Refused:    k1, dhcp: check failed: line 7\n');
    expect(out).toContain('without snippet phones: No such option. Change it.');
    expect(out).toContain('No longer:  warning: r1, dns, zone b');
    expect(out).toContain('Files:      k1: /etc/kea/kea-dhcp4.conf (dhcp) changed\n');
    expect(out).toContain('no longer stored: k2\n');
    expect(JSON.parse((await run(region, ['config', 'show', '12', '-o', 'json'])).out)).toEqual({
      ...change,
      compile: found,
      files,
    });
    region.on('GET /config/history/12/files', { body: { ...files, nodes: [], lost: ['k1', 'k2'] } });
    expect((await run(region, ['config', 'show', '12'])).out).toContain('Files:      no longer stored: k1, k2\n');
    region.on('GET /config/history/12/files', { body: { ...files, nodes: [], lost: [] } });
    expect((await run(region, ['config', 'show', '12'])).out).toContain('no file of any node changed\n');
    const nothing = { first: null, last: null, compiledAt: null, items: [], gone: [], refusals: [] };
    for (const [state, text] of [
      ['waiting', 'not yet'],
      ['lost', 'no longer stored'],
    ]) {
      region.on('GET /config/history/12/findings', { body: { ...compiled, ...nothing, state } });
      expect((await run(region, ['config', 'show', '12'])).out).toMatch(new RegExp(`Compiled: .*${text}`));
    }
    // A region of an earlier release does not know the call.
    region.on('GET /config/history/12/findings', problem(404, 'not_found', 'No such path.'));
    const older = await run(region, ['config', 'show', '12']);
    expect([older.code, older.out.includes('Compiled')]).toEqual([0, false]);
  });

  it('does one call over node:http as over fetch', async () => {
    region.on('GET /records', page(RECORD));
    expect((await run(region, ['record', 'list'], { fetch: lightFetch })).out).toBe(
      (await run(region, ['record', 'list'])).out,
    );
    region.on('GET /domains/x', problem(409, 'conflict', 'No.'));
    expect(await run(region, ['domain', 'show', 'x'], { fetch: lightFetch })).toMatchObject({
      code: 4,
      err: 'regent: No.\n',
    });
  });
});

describe('changing', () => {
  it('creates a record with one call, one key', async () => {
    region.on('POST /records', { status: 201, body: RECORD });
    const { code, out, err } = await run(region, [
      'record',
      'create',
      'www.example.test',
      'A',
      '192.0.2.1',
      '--ttl',
      '300',
    ]);
    expect({ code, out, err }).toEqual({ code: 0, out: 'record www.example.test A 192.0.2.1 created\n', err: '' });
    expect(region.seen).toHaveLength(1);
    expect(region.seen[0]).toMatchObject({
      body: { fqdn: 'www.example.test', type: 'A', data: '192.0.2.1', ttl: 300 },
      headers: { 'idempotency-key': expect.stringMatching(/.{16}/), authorization: `Bearer ${TEST_KEY}` },
    });
  });

  it('tries again with the same Idempotency-Key while the database is away', async () => {
    let tries = 0;
    region.reply('POST /records', () => {
      tries += 1;
      return tries < 3 ? problem(503, 'unavailable', 'The database is away.') : { status: 201, body: RECORD };
    });
    const { code, err } = await run(region, ['record', 'create', 'a.test', 'A', '192.0.2.1']);
    expect(code).toBe(0);
    expect(err).toBe(`regent: ${region.url}: The database is away; trying again\n`);
    expect(new Set(region.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('shows with --dry-run the diff of the real files, and changes nothing', async () => {
    region.reply('POST /records', ({ query }) =>
      query.get('dry_run') === 'true' ? { body: PREVIEW } : problem(500, 'internal', 'no'),
    );
    const argv = ['record', 'create', 'www.example.test', 'A', '192.0.2.1', '--dry-run'];
    expect(await run(region, argv)).toEqual({
      code: 0,
      out: [
        'r1  dns  /etc/bind/regent/zones/db.example.test  changed',
        '  @@ -1 +1 @@',
        '  +www A 192.0.2.1',
        '',
        'Dry run: 1 file on 1 node would change. Nothing was changed.',
        '',
      ].join('\n'),
      err: '',
    });
    expect(JSON.parse((await run(region, [...argv, '-o', 'json'])).out)).toEqual(PREVIEW);
    const finding = { service: 'dns', code: 'x', severity: 'error', subject: 'zone a', sentence: 'Broken.' };
    region.on('POST /records', { body: { ...PREVIEW, nodes: [{ ...PREVIEW.nodes[0], findings: [finding] }] } });
    expect((await run(region, argv)).code).toBe(1);
  });

  it('has --dry-run, --wait and --timeout on every change', async () => {
    const changes = NOUNS.flatMap((noun) =>
      noun.commands.filter((command) => command.isChange).map((command) => [noun.noun, command.verb]),
    );
    expect(changes.length).toBeGreaterThan(18);
    for (const argv of changes) {
      const { out } = await run(null, [...argv.filter((word) => word !== ''), '--help']);
      for (const option of ['--dry-run', '--wait', '--timeout']) expect(out, argv.join(' ')).toContain(option);
    }
  });

  it('deletes a record by name when it is the only one, and else says which there are', async () => {
    region.on('GET /records', page(RECORD));
    region.on('DELETE /records/7', { body: RECORD });
    expect((await run(region, ['record', 'delete', 'www.example.test'])).out).toBe(
      'record www.example.test A 192.0.2.1 deleted\n',
    );
    region.on('GET /records', page(RECORD, { ...RECORD, id: 8, data: '192.0.2.2' }));
    const { code, err } = await run(region, ['record', 'delete', 'www.example.test']);
    expect(code).toBe(4);
    expect(err).toContain('--id 8: www.example.test A 192.0.2.2');
    region.on('DELETE /records/www.example.test,A,192.0.2.2', { body: RECORD });
    expect((await run(region, ['record', 'delete', 'www.example.test', 'A', '192.0.2.2'])).code).toBe(0);
    region.on('DELETE /records/8', { body: RECORD });
    expect((await run(region, ['record', 'delete', '--id', '8'])).code).toBe(0);
  });

  it('makes a machine with its interfaces', async () => {
    const machine = { id: 'abc123', hostname: 'web1', domain: 'x.test', fqdn: 'web1.x.test', interfaces: [] };
    region.on('POST /machines', { status: 201, body: machine });
    const argv =
      'machine create web1 --mac 52:54:00:00:00:01 --interface eno1 --address auto --subnet 10.0.0.0/24'.split(' ');
    await run(region, [
      ...argv,
      '--nic',
      'mac=52:54:00:00:00:02,vlan=20',
      '--nic',
      'mac=52:54:00:00:00:03,address=10.0.1.2',
    ]);
    expect(region.seen[0]?.body).toEqual({
      hostname: 'web1',
      interfaces: [
        { mac: '52:54:00:00:00:01', name: 'eno1', addresses: [{ address: 'auto', subnet: '10.0.0.0/24' }] },
        { mac: '52:54:00:00:00:02', vlan: '20' },
        { mac: '52:54:00:00:00:03', addresses: [{ address: '10.0.1.2' }] },
      ],
    });
  });

  it.each<[string, unknown, string[], unknown]>([
    ['upstream_dns', [], ['192.0.2.1', '192.0.2.2,192.0.2.3'], ['192.0.2.1', '192.0.2.2', '192.0.2.3']],
    ['upstream_dns', [], [''], []],
    ['upstream_dns', ['192.0.2.9'], ['--default'], ['192.0.2.9']],
    // A comma belongs to the option.
    ['dhcp_options', [], ['7=192.0.2.1,192.0.2.2', '224:string=a'], ['7=192.0.2.1,192.0.2.2', '224:string=a']],
    ['dhcp_options', [], [''], []],
    ['default_ttl', 30, ['60'], 60],
    ['dnssec_validation', 'auto', ['no'], 'no'],
    ['enable_http_proxy', true, ['off'], false],
    ['enable_http_proxy', true, ['true'], true],
  ])('sets %s as what it is', async (name, standard, words, value) => {
    const setting = { name, value: standard, default: standard, isDefault: true };
    region.on(`GET /settings/${name}`, { body: setting });
    region.on(`PUT /settings/${name}`, { body: { ...setting, value } });
    expect((await run(region, ['setting', 'set', name, ...words])).code).toBe(0);
    expect(region.seen[1]?.body).toEqual({ value });
  });

  it('restarts a service on its node', async () => {
    region.on('GET /services', page(SERVICE));
    region.on('POST /services/r1/dns/restart', { body: SERVICE });
    expect((await run(region, ['service', 'restart', 'dns'])).out).toBe(
      'service r1/dns: restart requested; its node does it once\n',
    );
    region.on('GET /services', page(SERVICE, { ...SERVICE, node: 'r2' }));
    expect(await run(region, ['service', 'restart', 'dns'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('r1, r2'),
    });
  });

  it('prints a new key once, and sends only the public part of one that is revoked', async () => {
    const key = {
      user: 'ada',
      label: 'ci',
      consumer: 'c',
      token: 'tok2',
      createdAt: '2026-03-01T10:00:00Z',
      expiresAt: null,
      key: 'c:tok2:NEWSECRET',
    };
    region.on('POST /api-keys', { status: 201, body: key });
    const { out } = await run(region, ['key', 'create', 'ci', '--user', 'ada', '--expires', '90d']);
    expect(out.split('NEWSECRET')).toHaveLength(2);
    expect(region.seen[0]?.body).toEqual({ label: 'ci', user: 'ada', expiresAt: '2026-05-30T10:00:00.000Z' });
    region.on('DELETE /api-keys/tok2', { body: key });
    expect((await run(region, ['key', 'revoke', 'c:tok2:NEWSECRET'])).code).toBe(0);
    expect(region.seen.at(-1)?.path).toBe('/api-keys/tok2');
  });

  it('undoes a change', async () => {
    const body = {
      id: 12,
      at: '2026-03-01T10:00:00Z',
      who: 'ada',
      origin: 'api',
      summary: 'x',
      reverts: null,
      rows: [],
    };
    region.on('POST /config/history/12/rollback', { body });
    expect((await run(region, ['config', 'rollback', '12'])).out).toBe('change 12 undone: x\n');
  });
});

describe('exit codes and messages', () => {
  it.each([
    [404, 'not_found', 3, /There is no domain/],
    [409, 'conflict', 4, /exists already/],
    [409, 'in_use', 4, /still in use/],
    [412, 'precondition_failed', 4, /Show the object again/],
    [422, 'invalid_value', 1, /is not a domain/],
    [401, 'unauthenticated', 1, /REGENT_API_KEY/],
    [403, 'forbidden', 1, /another role/],
    [500, 'internal', 1, /journalctl -u regent-regiond[^]*Request q1/],
  ])('%i %s is %i', async (status, code, exit, wanted) => {
    const detail =
      { 404: 'There is no domain x.', 422: '"x" is not a domain.' }[status] ?? `It exists already, it is still in use.`;
    region.on('POST /domains', problem(status, code, detail));
    const result = await run(region, ['domain', 'create', 'x']);
    expect(result.code).toBe(exit);
    expect(result.out).toBe('');
    expect(result.err).toMatch(wanted);
    expect(result.err).toMatch(/^regent: /);
  });

  it('lists several bad fields', async () => {
    const fields = [
      { field: 'ttl', problem: '0 is out of range', rule: '1 to 604800' },
      { field: 'name', problem: '"\u001b" is not a name' },
    ];
    region.on('POST /domains', problem(422, 'invalid_value', 'Two values are bad.', fields));
    const { err } = await run(region, ['domain', 'create', 'x']);
    expect(err).toBe(
      'regent: Two values are bad.\n  ttl: 0 is out of range (rule: 1 to 604800)\n  name: "\\x1b" is not a name\n',
    );
  });

  it.each([
    [[], /Usage: regent/],
    [['record'], /Usage: regent record/],
    [['nonsense'], /unknown command 'nonsense'/],
    [['record', 'creat'], /Did you mean create/],
    [['nonsense', '--help'], /unknown command 'nonsense'/],
    [['--url', 'http://127.0.0.1:1', 'nonsense', '-h'], /unknown command 'nonsense'/],
    [['record', 'create', 'a'], /missing required arguments <type> <data\.*>/],
    [['machine', 'show'], /missing required argument 'machine'/],
    [['record', 'list', 'x'], /too many arguments/],
    [['record', 'list', '--bogus'], /unknown option '--bogus'/],
    [['record', 'list', '-o', 'xml'], /Allowed choices are table, wide, json, yaml, csv, name/],
    [['record', 'create', 'a', 'A', 'b', '--ttl', '5m'], /--ttl: "5m" is not usable/],
    [['record', 'create', 'a', 'A', 'b', '--timeout', 'soon'], /--timeout: "soon"/],
    [['record', 'create', '', 'A', 'b'], /argument is empty/],
    [['record', 'set', 'a', 'A'], /Nothing to set: give --data or --ttl/],
    [['record', 'delete'], /Give its name, or --id/],
    [['record', 'delete', 'x', '--id', '3'], /exclude each other/],
    [['domain', 'set', 'x'], /Nothing to set/],
    [['machine', 'create', 'x', '--address', 'auto'], /--mac, which is missing/],
    [['machine', 'create', 'x', '--mac', 'm', '--subnet', 's'], /needs an address/],
    [['machine', 'create', 'x', '--nic', 'mac=a,color=red'], /"color=red" is not usable/],
    [['user', 'create', 'ada'], /--role is missing/],
    [['config', 'rollback', 'x'], /id of a change/],
    [['events', '--after', '-1'], /not negative/],
    [['events', '--follow', '-o', 'yaml'], /cannot print yaml/],
    [['key', 'create', 'x', '--expires', 'yesterday'], /not a moment to come/],
  ])('%j is wrong usage', async (argv, wanted) => {
    const { code, out, err } = await run(region, argv as string[]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(wanted);
    expect(region.seen).toEqual([]);
  });

  it('says where to look when nobody listens, soon', async () => {
    let waited = 0;
    const gone = await FakeRegion.start();
    const { url } = gone;
    await gone.stop();
    const { code, err } = await run({ url }, ['domain', 'list'], {
      fetch: lightFetch,
      monotonic: () => performance.now() + waited,
      sleep: async (ms) => {
        waited += ms;
      },
    });
    expect(code).toBe(1);
    expect(waited).toBeLessThan(3000);
    expect(err).toMatch(/connect ECONNREFUSED|connection is refused/);
    expect(err).toContain('scripts/lab status');
    expect(err).toContain('systemctl status regent-regiond');
  });

  it('says that what answers is no region', async () => {
    region.on('GET /status', (response) => void response.writeHead(200).end('<html>'));
    expect(await run(region, ['status'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is the address right?'),
    });
  });

  it('prints help with examples on stdout and code 0', async () => {
    expect(await run(null, ['--help'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('Exit codes: 0 done'),
    });
    expect((await run(null, ['--version'])).out).toBe('1.2.3\n');
    for (const noun of NOUNS) {
      for (const command of noun.commands) {
        const argv = [noun.noun, command.verb, '--help'].filter((word) => word !== '');
        const { code, out } = await run(null, argv);
        expect(code, argv.join(' ')).toBe(0);
        expect(out, argv.join(' ')).toContain(`Usage: regent ${argv.slice(0, -1).join(' ')}`);
      }
    }
  });

  it('has no option of its own that every command has', () => {
    for (const noun of NOUNS)
      for (const { verb, options = [] } of noun.commands)
        for (const { flags } of options)
          expect(['--url', '--context', '--output', '--help', '--version'], `${noun.noun} ${verb}`).not.toContain(
            flags.split(/[ ,]+/).find((word) => word.startsWith('--')),
          );
  });

  it('takes no secret as an argument and shows none', async () => {
    for (const noun of NOUNS) {
      for (const command of noun.commands) {
        const flags = (command.options ?? []).map((option) => option.flags).join(' ');
        // The name of a key is none, and of a secret there is only where it comes from.
        const others = flags
          .replace('--transfer-key <key|none>', '')
          .replace('--keyring <key>', '')
          .replace('--key <file>', '')
          .replace('--secret <file>', '')
          .replace('--key-file <file>', '')
          .replace(/--secrets <\w+>/, '')
          .replace('--signing-key <key>', '')
          // A rack's public key.
          .replace(noun.noun === 'rack' ? '--key <key>' : '\0', '')
          .replace('--secret <new|->', '');
        expect(others, `${noun.noun} ${command.verb}`).not.toMatch(/key|secret|password|token/i);
      }
    }
    region.on('GET /status', problem(401, 'unauthenticated', 'The API key is not known.'));
    const results = [
      await run(region, ['status']),
      await run(region, ['status', '-o', 'json']),
      await run({ url: 'http://127.0.0.1:1' }, ['status'], {
        monotonic: (() => {
          let now = 0;
          return () => (now += 2000);
        })(),
      }),
    ];
    for (const { out, err } of results) expect(out + err).not.toContain('SECRETPART');
  });
});
