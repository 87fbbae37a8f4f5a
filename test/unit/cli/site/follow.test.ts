import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missingOf } from '../../../../src/cli/waiting/outcome.ts';
import type { Status } from '../../../../src/contract/site/status.ts';
import { lightFetch } from '../../../../src/cli/light-fetch.ts';
import { FakeRegion, problem, run } from '../fake-region.ts';

const event = (id: number, kind = 'record.created') => ({
  id,
  at: '2026-03-01T10:00:00Z',
  kind,
  subject: `n${id}.example.test`,
  who: 'ada\u001b[2J',
  revision: id,
  data: {},
});

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

describe('events --follow', () => {
  /** Two events per connection, then the connection breaks; ends after the sixth. */
  async function follow(argv: readonly string[]) {
    const interrupt = new AbortController();
    region.reply('GET /events', ({ headers }) => (response) => {
      const last = Number(headers['last-event-id'] ?? '0');
      if (last >= 6) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
        interrupt.abort(new Error('interrupted'));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const id of [last + 1, last + 2]) {
        response.write(
          `id: ${id}\nevent: x\ndata: ${JSON.stringify(event(id, id === 3 ? 'domain.created' : 'record.created'))}\n\n`,
        );
      }
      setImmediate(() => response.destroy());
    });
    const result = await run(region, ['events', '--follow', ...argv], { interrupted: interrupt.signal });
    return { ...result, asked: region.seen.map(({ headers }) => headers['last-event-id']) };
  }

  it('resumes where the connection broke, without a gap and without a double', async () => {
    const { code, out, asked } = await follow(['--after', '0']);
    expect(code).toBe(0);
    expect(asked).toEqual(['0', '2', '4', '6']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[0])),
    ).toEqual([1, 2, 3, 4, 5, 6]);
    expect(out).toContain('1  2026-03-01 10:00:00Z  ada\\x1b[2J created record n1.example.test\n');
  });

  it('prints JSON lines and keeps to a kind', async () => {
    const { out } = await follow(['--after', '0', '-o', 'json', '--kind', 'domain']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([event(3, 'domain.created')]);
  });

  it('starts with what comes when no --after is given', async () => {
    expect((await follow([])).asked[0]).toBeUndefined();
  });
});

describe('--wait', () => {
  const status = (changes: Partial<Status>): Status => ({
    state: 'ok',
    summary: '',
    version: '0.1.0',
    time: '2026-03-01T10:00:00Z',
    revision: 5,
    published: 5,
    database: { state: 'ok', why: '', latencyMs: 1 },
    nodes: [
      {
        name: 'r1',
        isCurrent: true,
        isStale: false,
        isAway: false,
        reportedAt: '2026-03-01T09:59:55Z',
        since: null,
        wanted: 4,
        applied: 4,
      },
    ],
    services: [{ node: 'r1', service: 'dns', state: 'healthy', since: null, why: '' }],
    findings: [],
    counts: {
      domains: 0,
      records: 0,
      machines: 0,
      vlans: 1,
      subnets: 0,
      leases: 0,
      racksWaiting: 0,
      withoutSecondary: 0,
    },
    ...changes,
  });
  const [node] = status({}).nodes;
  const [service] = status({}).services;
  const WAITS = {
    service: 'dhcp',
    code: 'subnet_waits',
    severity: 'warning' as const,
    subject: 'subnet 10.10.10.0/24',
    sentence: '10.10.10.0/24 has no DHCP until k1 says so.',
    remedy: 'Start k1.',
  };
  const pair = (changes: object) => ({
    id: 2,
    name: 'web',
    vid: 10,
    fabric: 'fabric-1',
    fabricId: 1,
    dhcpOn: true,
    racks: [],
    server: {
      primary: 'k3',
      secondary: 'k4',
      isChosen: false,
      servedBy: 'k3',
      since: null,
      isWhole: true,
      why: 'k3 serves, k4 stands by',
      ...changes,
    },
  });
  const MOVE = ['vlan', 'set', 'web', '--primary-rack', 'k3', '--secondary-rack', 'k4', '--wait'];

  it('waits until a VLAN is served by its new rack and the other one stands by, telling each step', async () => {
    const answers = [
      pair({ servedBy: null, isWhole: false, why: 'dhcp on k3 says nothing' }),
      pair({ isWhole: false, why: 'k4 does not have every lease yet' }),
    ];
    const seen = [status({ findings: [{ ...WAITS, node: 'k3' }] })];
    region.on('PATCH /vlans/web', { body: pair({}) });
    region.reply('GET /status', () => ({ body: seen.shift() ?? status({}) }));
    region.reply('GET /vlans/1/10', () => ({ body: answers.shift() ?? pair({}) }));
    expect(await run(region, MOVE)).toEqual({
      code: 0,
      out: 'VLAN fabric-1/web changed\n',
      err: [
        'Waiting: 10.10.10.0/24 has no DHCP until k1 says so',
        'Applied on 1 of 1 nodes; all services are healthy.',
        'Waiting: fabric-1/web is served by nobody and not by k3 yet (dhcp on k3 says nothing)',
        'Waiting: k4 does not stand by for fabric-1/web yet (k4 does not have every lease yet)',
        '',
      ].join('\n'),
    });
  });

  it('... or says at its deadline why not', async () => {
    let now = 0;
    region.on('PATCH /vlans/web', { body: pair({}) });
    region.on('GET /status', { body: status({}) });
    region.on('GET /vlans/1/10', { body: pair({ servedBy: 'k4', why: 'k3 is drained' }) });
    const { code, err } = await run(region, [...MOVE, '--timeout', '20'], {
      monotonic: () => now,
      sleep: async (ms) => void (now += ms),
    });
    expect(code).toBe(5);
    expect(err).toContain(
      'The change is in force, but after 20 s DHCP is not: fabric-1/web is served by k4 and not by k3 yet (k3 is drained).',
    );
  });

  it('... and waits for nobody where DHCP is off, no rack stands, or there is one rack alone', async () => {
    region.on('GET /status', { body: status({}) });
    for (const vlan of [
      { ...pair({ servedBy: null }), dhcpOn: false },
      { ...pair({}), server: null },
      pair({ secondary: null, isWhole: false }),
    ]) {
      region.on('PATCH /vlans/web', { body: vlan });
      region.on('GET /vlans/1/10', { body: vlan });
      expect((await run(region, MOVE)).code).toBe(0);
    }
  });

  it.each<[string, Partial<Status>, string[]]>([
    ['nothing', {}, []],
    ['the compiler', { published: 4 }, ['revision 5 is not compiled yet (at 4)']],
    ['a node', { nodes: [{ ...node!, isCurrent: false, applied: 3 }] }, ['r1 has generation 3 of 4']],
    ['the only node, silent', { nodes: [{ ...node!, isStale: true, isAway: true }] }, ['r1 does not report']],
    ['no node that is away', { nodes: [node!, { ...node!, name: 'r2', isAway: true, isCurrent: false }] }, []],
    [
      'no service of a node that is away',
      {
        nodes: [node!, { ...node!, name: 'r2', isAway: true }],
        services: [{ ...service!, node: 'r2', state: 'stale' }],
      },
      [],
    ],
    ['a service', { services: [{ ...service!, state: 'check_failed' }] }, ['dns on r1 is check_failed']],
    [
      'a subnet that other racks have not let go, once',
      {
        findings: ['k3', 'k4'].map((name) => ({
          ...WAITS,
          node: name,
        })),
      },
      ['10.10.10.0/24 has no DHCP until k1 says so'],
    ],
    ['no absent service', { services: [{ ...service!, state: 'absent' }] }, []],
  ])('sees that %s is missing', (_, changes, missing) => {
    expect(missingOf(status(changes), 5)).toEqual(missing);
  });

  it('waits for what was current after the change, telling each step once', async () => {
    const answers = [
      status({ published: 4 }),
      status({ published: 4 }),
      status({ nodes: [{ ...node!, isCurrent: false, applied: 3 }] }),
      status({}),
    ];
    region.on('POST /domains', { status: 201, body: { id: 1, name: 'x.test', ttl: null, isDefault: false } });
    region.reply('GET /status', () => ({ body: answers.shift() ?? status({ revision: 9, published: 8 }) }));
    expect(await run(region, ['domain', 'create', 'x.test', '--wait'])).toEqual({
      code: 0,
      out: 'domain x.test created\n',
      err: [
        'Waiting: revision 5 is not compiled yet (at 4)',
        '0 of 1 nodes, waiting for r1',
        'Applied on 1 of 1 nodes; all services are healthy.',
        '',
      ].join('\n'),
    });
  });

  it('ends with exit code 6 as soon as all nodes that are there have it, and names the one that is away', async () => {
    const away = { ...node!, name: 'k2', isCurrent: false, isAway: true, reportedAt: '2026-03-01T09:59:38Z' };
    region.on('POST /domains', { status: 201, body: { id: 1, name: 'x.test', ttl: null, isDefault: false } });
    region.on('GET /status', { body: status({ nodes: [node!, away] }) });
    const { code, err } = await run(region, ['domain', 'create', 'x.test', '--wait']);
    expect(code).toBe(6);
    expect(err).toContain('Applied on 1 of 2 nodes, but k2 is away.');
    expect(err).toContain('k2 has not reported for 22 s; it gets the change when it is back.');
  });

  it('ends with exit code 6 when something is held back: what, since when, why, and what to do', async () => {
    const finding = {
      node: 'r1',
      service: 'dns',
      code: 'cname_beside_data',
      severity: 'error' as const,
      subject: 'name www.x.test',
      sentence: 'Zone x.test has a CNAME at www.x.test beside A (RFC 1034 §3.6.2): it is left out of the zone.',
      held: 'name www.x.test',
      remedy: 'Delete one of them.',
      since: '2026-03-01T09:00:00.000Z',
    };
    const warning = { ...finding, severity: 'warning' as const, sentence: 'A warning.' };
    region.on('POST /domains', { status: 201, body: { id: 1, name: 'x.test', ttl: null, isDefault: false } });
    region.on('GET /status', { body: status({ findings: [finding, { ...finding, node: 'r2' }, warning] }) });
    const { code, err } = await run(region, ['domain', 'create', 'x.test', '--wait']);
    expect(code).toBe(6);
    expect(err).toContain('Applied on 1 of 1 nodes, but not everything is as requested.');
    expect(err).toContain(
      'dns on r1, r2: Zone x.test has a CNAME at www.x.test beside A (RFC 1034 §3.6.2): it is left out of the zone (since 2026-03-01T09:00:00.000Z). Delete one of them.',
    );
    expect(err).not.toContain('A warning.');
  });

  it('asks again when the region is away meanwhile', async () => {
    let asked = 0;
    region.on('POST /domains', { status: 201, body: { id: 1, name: 'x.test', ttl: null, isDefault: false } });
    region.reply('GET /status', () => {
      asked += 1;
      return asked === 2
        ? problem(503, 'unavailable', 'Regent is stopping.')
        : { body: asked > 3 ? status({}) : status({ published: 4 }) };
    });
    const { code, err } = await run(region, ['domain', 'create', 'x.test', '--wait']);
    expect(code).toBe(0);
    expect(err).toContain('Regent is stopping; trying again');
    expect(err).toContain('Applied on 1 of 1 nodes');
  });

  it('ends at its deadline when the region goes away, too', async () => {
    const gone = await FakeRegion.start();
    let now = 0;
    gone.reply('POST /domains', () => (response) => {
      response.on('close', () => void gone.stop());
      response
        .writeHead(201, { connection: 'close' })
        .end('{"id": 1, "name": "x.test", "ttl": null, "isDefault": false}');
    });
    const { code, err } = await run(gone, ['domain', 'create', 'x.test', '--wait', '--timeout', '20'], {
      fetch: lightFetch,
      monotonic: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });
    expect(code).toBe(5);
    expect(err).toContain('it is not in force everywhere: the region does not answer.');
    expect(now).toBeLessThan(25_000);
  });

  it('ends at its deadline with code 5, what is missing and why', async () => {
    let now = 0;
    region.on('POST /domains', { status: 201, body: { id: 1, name: 'x.test', ttl: null, isDefault: false } });
    region.on('GET /status', {
      body: status({ services: [{ ...service!, state: 'check_failed', why: 'named-checkzone: bad' }] }),
    });
    const { code, out, err } = await run(region, ['domain', 'create', 'x.test', '--wait', '--timeout', '5'], {
      monotonic: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });
    expect({ code, out }).toEqual({ code: 5, out: 'domain x.test created\n' });
    expect(err).toContain(
      'The change is made, but after 5 s it is not in force everywhere: dns on r1 is check_failed.',
    );
    expect(err).toContain('dns on r1: named-checkzone: bad');
    expect(now).toBeLessThanOrEqual(5000);
  });
});
