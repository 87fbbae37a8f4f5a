import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { write } from '../../src/store/write.ts';
import { usePostgres } from '../kit/postgres.ts';
import { type Answer, type Method, startTestRegion, type TestRegion } from '../kit/region.ts';

/** Every case of bad input with its exact answer; the file prints them as a table (`scripts/test --only bad-input`). */

const pg = usePostgres();
let site: TestRegion;
let url: string;
const table: string[] = [];

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  url = await site.api.listen({ host: '127.0.0.1', port: 0 });
  const good: [string, unknown][] = [
    ['/domains', { name: 'example.test' }],
    ['/subnets', { cidr: '10.10.10.0/24', name: 'vlan10' }],
    ['/records', { fqdn: 'www.example.test', type: 'A', data: '192.0.2.1' }],
    ['/records', { fqdn: 'alias.example.test', type: 'CNAME', data: 'www.example.test' }],
    [
      '/machines',
      { hostname: 'web1', interfaces: [{ mac: '52:54:00:00:00:01', addresses: [{ address: '10.10.10.5' }] }] },
    ],
  ];
  for (const [path, body] of good) {
    const made = await site.call('POST', path, { body });
    if (made.status !== 201) throw new Error(made.raw);
  }
});

afterAll(async () => {
  process.stdout.write(`\nbad input and its answer\n${table.join('\n')}\n`);
  await site.close();
});

interface Case {
  readonly name: string;
  readonly call: readonly [Method, string, unknown?];
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
}

const LABEL_RULE = 'a–z, 0–9 and inner "-", 1–63 characters, not only digits, without dots';
const TTL_RULE = 'a whole number of seconds from 1 to 604800';
const CNAME_RULE = 'Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).';
const record = (fqdn: string, type: string, data: string, more: object = {}) =>
  ['POST', '/records', { fqdn, type, data, ...more }] as const;
const machine = (hostname: string, mac?: string, address?: string, subnet?: string) =>
  [
    'POST',
    '/machines',
    {
      hostname,
      ...(mac
        ? { interfaces: [{ mac, ...(address ? { addresses: [{ address, ...(subnet ? { subnet } : {}) }] } : {}) }] }
        : {}),
    },
  ] as const;
const control = (field: string, code: string, position: number) =>
  `${field}: it holds the character U+${code} at position ${position}. Rule: texts hold no control characters, such as newline or NUL.`;

const CASES: readonly Case[] = [
  {
    name: 'host name with an injection',
    call: machine('a";};zone "x'),
    status: 422,
    code: 'invalid_value',
    field: 'hostname',
    detail: `hostname: "a\\";};zone \\"x" is not a host name. Rule: ${LABEL_RULE}.`,
  },
  {
    name: 'record name with an injection',
    call: record('a";};zone "x.example.test', 'A', '192.0.2.1'),
    status: 422,
    code: 'invalid_value',
    field: 'fqdn',
    detail:
      'fqdn: "a\\";};zone \\"x.example.test" is not a record name. Rule: labels of a–z, 0–9 and inner "-", 1–63 characters each, joined by dots, at most 253 characters in all; "_" may start a label, "*" may be the first.',
  },
  {
    name: 'newline in a host name',
    call: machine('web\nx'),
    status: 422,
    code: 'invalid_value',
    field: 'hostname',
    detail: control('hostname', '000A', 4),
  },
  {
    name: 'NUL in a record',
    call: record('t.example.test', 'TXT', 'a\0b'),
    status: 422,
    code: 'invalid_value',
    field: 'data',
    detail: control('data', '0000', 2),
  },
  {
    name: 'newline in a subnet name',
    call: ['POST', '/subnets', { cidr: '10.9.0.0/24', name: 'a\nb' }],
    status: 422,
    code: 'invalid_value',
    field: 'name',
    detail: control('name', '000A', 2),
  },
  {
    name: 'newline in a nested field',
    call: machine('web9', '52:54:00:00:00:09\n'),
    status: 422,
    code: 'invalid_value',
    field: 'interfaces/0/mac',
    detail: control('interfaces/0/mac', '000A', 18),
  },
  {
    name: 'NUL in the path',
    call: ['GET', '/domains/a%00b'],
    status: 422,
    code: 'invalid_value',
    field: 'domain',
    detail: control('domain', '0000', 2),
  },
  {
    name: 'newline in a query',
    call: ['GET', '/records?fqdn=a%0Ab'],
    status: 422,
    code: 'invalid_value',
    field: 'fqdn',
    detail: control('fqdn', '000A', 2),
  },
  {
    name: 'newline in an API key label',
    call: ['POST', '/api-keys', { label: 'a\nb' }],
    status: 422,
    code: 'invalid_value',
    field: 'label',
    detail: control('label', '000A', 2),
  },
  {
    name: 'TTL 0',
    call: record('t.example.test', 'A', '192.0.2.1', { ttl: 0 }),
    status: 422,
    code: 'invalid_value',
    field: 'ttl',
    detail: `ttl: 0 is out of range. Rule: ${TTL_RULE}.`,
  },
  {
    name: 'TTL above a week',
    call: ['POST', '/domains', { name: 'ttl.test', ttl: 604_801 }],
    status: 422,
    code: 'invalid_value',
    field: 'ttl',
    detail: `ttl: 604801 is out of range. Rule: ${TTL_RULE}.`,
  },
  {
    name: 'TTL as text',
    call: record('t.example.test', 'A', '192.0.2.1', { ttl: '60' }),
    status: 422,
    code: 'invalid_value',
    field: 'ttl',
    detail: 'ttl: "60" must be integer.',
  },
  {
    name: 'CNAME beside an A record',
    call: record('www.example.test', 'CNAME', 'other.test'),
    status: 409,
    code: 'conflict',
    detail: `www.example.test: CNAME cannot stand beside the record A 192.0.2.1 (A). ${CNAME_RULE}`,
  },
  {
    name: 'A record beside a CNAME',
    call: record('alias.example.test', 'A', '192.0.2.2'),
    status: 409,
    code: 'conflict',
    detail: `alias.example.test: A cannot stand beside the record CNAME www.example.test (CNAME). ${CNAME_RULE}`,
  },
  {
    name: 'CNAME beside a machine',
    call: record('web1.regent.internal', 'CNAME', 'other.test'),
    status: 409,
    code: 'conflict',
    detail: `web1.regent.internal: CNAME cannot stand beside the machine web1 (A). ${CNAME_RULE}`,
  },
  {
    name: 'CNAME beside a node',
    call: record('r1.regent.internal', 'CNAME', 'other.test'),
    status: 409,
    code: 'conflict',
    detail: `r1.regent.internal: CNAME cannot stand beside the node r1 (A). ${CNAME_RULE}`,
  },
  {
    name: 'machine beside a CNAME',
    call: ['POST', '/machines', { hostname: 'alias', domain: 'example.test' }],
    status: 409,
    code: 'conflict',
    detail: `alias.example.test: a machine cannot stand beside the record CNAME www.example.test. ${CNAME_RULE}`,
  },
  {
    name: 'CNAME at the domain itself',
    call: record('example.test', 'CNAME', 'other.test'),
    status: 409,
    code: 'conflict',
    detail:
      'example.test: a CNAME cannot stand at the domain itself, which has SOA and NS records. Rule: RFC 1034 §3.6.2.',
  },
  {
    name: 'duplicate domain',
    call: ['POST', '/domains', { name: 'EXAMPLE.test' }],
    status: 409,
    code: 'conflict',
    field: 'name',
    detail: 'The domain example.test exists already.',
  },
  {
    name: 'duplicate record',
    call: record('www.example.test', 'A', '192.0.2.1'),
    status: 409,
    code: 'conflict',
    detail: 'www.example.test: the record A "192.0.2.1" exists already.',
  },
  {
    name: 'duplicate host name',
    call: machine('WEB1'),
    status: 409,
    code: 'conflict',
    field: 'hostname',
    detail: expect.stringMatching(/^hostname: the machine web1\.regent\.internal \([a-z0-9]{6}\) exists already\.$/),
  },
  {
    name: 'host name of a node',
    call: machine('r1'),
    status: 409,
    code: 'conflict',
    detail: 'r1.regent.internal is the name of the node r1.',
  },
  {
    name: 'duplicate MAC',
    call: machine('web2', '52-54-00-00-00-01'),
    status: 409,
    code: 'conflict',
    field: 'interfaces/0/mac',
    detail: 'interfaces/0/mac: 52:54:00:00:00:01 is the MAC address of the machine web1.regent.internal.',
  },
  {
    name: 'duplicate address',
    call: machine('web2', '52:54:00:00:00:02', '10.10.10.5'),
    status: 409,
    code: 'conflict',
    field: 'interfaces/0/addresses/0/address',
    detail: 'interfaces/0/addresses/0/address: 10.10.10.5 is an address of the machine web1.regent.internal.',
  },
  {
    name: 'address outside its subnet',
    call: machine('web2', '52:54:00:00:00:02', '10.10.11.5', 'vlan10'),
    status: 422,
    code: 'invalid_value',
    field: 'interfaces/0/addresses/0/address',
    detail:
      'interfaces/0/addresses/0/address: 10.10.11.5 is outside the subnet 10.10.10.0/24. Rule: an address lies inside its subnet.',
  },
  {
    name: 'address outside every subnet',
    call: machine('web2', '52:54:00:00:00:02', '192.0.2.77'),
    status: 422,
    code: 'invalid_value',
    field: 'interfaces/0/addresses/0/address',
    detail:
      'interfaces/0/addresses/0/address: 192.0.2.77 is outside every subnet. Rule: an address lies inside its subnet, one of 10.10.10.0/24.',
  },
  {
    name: 'broadcast address',
    call: machine('web2', '52:54:00:00:00:02', '10.10.10.255'),
    status: 422,
    code: 'invalid_value',
    field: 'interfaces/0/addresses/0/address',
    detail:
      "interfaces/0/addresses/0/address: 10.10.10.255 is not a host's address of 10.10.10.0/24. Rule: 10.10.10.1 to 10.10.10.254.",
  },
  {
    name: 'group MAC',
    call: machine('web2', '01:00:5e:00:00:01'),
    status: 422,
    code: 'invalid_value',
    field: 'interfaces/0/mac',
    detail:
      'interfaces/0/mac: "01:00:5e:00:00:01" is a multicast address, which is a group of interfaces. Rule: the address of one interface: the lowest bit of the first octet is 0.',
  },
  {
    name: 'overlapping subnet',
    call: ['POST', '/subnets', { cidr: '10.10.0.0/16' }],
    status: 409,
    code: 'conflict',
    detail: '10.10.0.0/16 overlaps the subnet 10.10.10.0/24 (vlan10). Rule: subnets share no address.',
  },
  {
    name: 'subnet with host bits',
    call: ['POST', '/subnets', { cidr: '10.9.0.1/24' }],
    status: 422,
    code: 'invalid_value',
    field: 'cidr',
    detail:
      'cidr: "10.9.0.1/24" has host bits; the network is 10.9.0.0/24. Rule: ADDRESS/PREFIX with no bits set right of the prefix, such as 10.0.0.0/24.',
  },
  {
    name: 'record in no domain',
    call: record('www.elsewhere.test', 'A', '192.0.2.1'),
    status: 422,
    code: 'invalid_value',
    field: 'fqdn',
    detail: 'fqdn: no domain holds www.elsewhere.test. Rule: it lies in one of example.test, regent.internal.',
  },
  {
    name: 'unknown record type',
    call: record('t.example.test', 'CAA', 'a'),
    status: 422,
    code: 'invalid_value',
    field: 'type',
    detail:
      'type: "CAA" is not a record type. Rule: one of A, AAAA, CNAME, MX, NS, SRV, SSHFP, TXT; PTR records follow from addresses.',
  },
  {
    name: 'unknown field',
    call: ['POST', '/domains', { name: 'u.test', admin: true }],
    status: 422,
    code: 'invalid_value',
    field: 'admin',
    detail: 'admin: there is no such field. Rule: only the fields of the API document are taken.',
  },
  {
    name: 'missing field',
    call: ['POST', '/records', { fqdn: 'a.example.test', type: 'A' }],
    status: 422,
    code: 'invalid_value',
    field: 'data',
    detail: 'data: it is missing.',
  },
  {
    name: 'body of 1 MB',
    call: ['POST', '/domains', { name: 'a'.repeat(1_000_000) }],
    status: 413,
    code: 'payload_too_large',
    detail: 'The body is larger than the limit of 262144 bytes.',
  },
  {
    name: 'malformed JSON',
    call: ['POST', '/domains', '{"name": "a.test",\n "ttl": 60,}'],
    status: 400,
    code: 'bad_request',
    detail: 'The body is not JSON: line 2, column 12: "}" is not expected here.',
  },
  {
    name: 'JSON that ends too early',
    call: ['POST', '/domains', '{"name": "a.te'],
    status: 400,
    code: 'bad_request',
    detail: 'The body is not JSON: it ends too early, at line 1, column 15.',
  },
  {
    name: 'JSON nested 10,000 deep',
    call: ['POST', '/domains', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    status: 400,
    code: 'bad_request',
    detail: 'The body is nested more than 16 levels deep.',
  },
  {
    name: 'no body',
    call: ['POST', '/domains'],
    status: 400,
    code: 'bad_request',
    detail: 'A JSON body is needed, with Content-Type: application/json.',
  },
  {
    name: 'wrong percent-encoding',
    call: ['GET', '/domains/%E0%A4%A'],
    status: 400,
    code: 'bad_request',
    detail: 'The path is not correctly percent-encoded UTF-8 (RFC 3986 §2.1).',
  },
  {
    name: 'unknown path',
    call: ['GET', '/nothing?x=1'],
    status: 404,
    code: 'not_found',
    detail: 'There is no path "/api/v1/nothing". /api/v1/openapi.json lists all.',
  },
  {
    name: 'wrong method',
    call: ['DELETE', '/domains'],
    status: 405,
    code: 'method_not_allowed',
    detail: 'The path takes GET, HEAD, POST, not DELETE.',
  },
  {
    name: 'unknown query parameter',
    call: ['GET', '/domains?colour=red'],
    status: 422,
    code: 'invalid_value',
    field: 'colour',
    detail: 'colour: there is no such field. Rule: only the fields of the API document are taken.',
  },
  {
    name: 'page size 0',
    call: ['GET', '/domains?limit=0'],
    status: 422,
    code: 'invalid_value',
    field: 'limit',
    detail: 'limit: 0 must be >= 1.',
  },
  {
    name: 'forged cursor',
    call: ['GET', '/domains?cursor=WzFd'],
    status: 422,
    code: 'invalid_value',
    field: 'cursor',
    detail:
      'cursor: it is not a cursor of this list. Rule: the value of `next` in the previous page, with the same sort.',
  },
];

function note(name: string, answer: Pick<Answer, 'status'> & { body: { code?: string; detail?: string } }): void {
  const { code = '', detail = '' } = answer.body;
  table.push(`  ${name.padEnd(32)} ${answer.status} ${code.padEnd(20)} ${detail}`);
}

describe('bad input', () => {
  it.each(CASES)('$name', async ({ name, call: [method, path, body], status, code, detail, field }) => {
    const before = await site.call('GET', '/status');
    const answer = await site.call(method, path, { body });
    note(name, answer);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code, detail, status, type: 'about:blank' });
    const named = answer.body.fields?.[0]?.field;
    expect(named).toBe(field ?? named);
    const after = await site.call('GET', '/status');
    expect([after.body['revision'], after.body['counts']]).toEqual([before.body['revision'], before.body['counts']]);
  });

  it.each([
    ['no key', undefined, 'There is no API key. Send the header "Authorization: Bearer consumer:token:secret".'],
    ['half a key', 'Bearer abc', 'The header Authorization is not of the form "Bearer consumer:token:secret".'],
    ['wrong secret', 'WRONG', 'The API key is not known, was revoked or has expired, or its secret is wrong.'],
  ])('%s', async (name, authorization, detail) => {
    const [consumer, token] = site.keys.admin.split(':');
    const header = authorization === 'WRONG' ? `Bearer ${consumer}:${token}:${'0'.repeat(32)}` : authorization;
    const response = await site.api.inject({
      method: 'POST',
      url: '/api/v1/domains',
      headers: header === undefined ? {} : { authorization: header },
      payload: { name: 'k.test' },
    });
    const body: { code: string; detail: string } = response.json();
    note(name, { status: response.statusCode, body });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toContain('Bearer');
    expect(body).toMatchObject({ code: 'unauthenticated', detail });
  });

  it('a flood of wrong keys', async () => {
    const attempt = () =>
      site.api.inject({ url: '/api/v1/me', remoteAddress: '203.0.113.9', headers: { authorization: 'Bearer a:b:c' } });
    const answers = [];
    for (let count = 0; count < 25; count += 1) answers.push(await attempt());
    const last = answers.at(-1);
    note('a flood of wrong keys', { status: last?.statusCode ?? 0, body: last?.json() ?? {} });
    expect(answers.map((answer) => answer.statusCode).filter((status) => status === 401).length).toBeLessThan(24);
    expect(last?.statusCode).toBe(429);
    expect(last?.headers['retry-after']).toBe('2');
  });

  it('text instead of JSON', async () => {
    const answer = await site.call('POST', '/domains', { body: 'name=a', headers: { 'content-type': 'text/plain' } });
    note('text instead of JSON', answer);
    expect(answer.body).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it('a body of 11 MB is answered, and its connection goes on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (body: string) =>
      new Promise<{ readonly status: number; readonly port: number }>((resolve, reject) => {
        const headers = { authorization: `Bearer ${site.keys.admin}`, 'content-type': 'application/json' };
        const sent = request(`${url}/api/v1/domains`, { agent, method: 'POST', headers }, (answer) => {
          const port = answer.socket.localPort ?? 0;
          answer.resume().on('end', () => resolve({ status: answer.statusCode ?? 0, port }));
        });
        sent.on('error', reject).end(body);
      });
    const answers = [];
    for (const body of ['x'.repeat(11 * 2 ** 20), '{', 'x'.repeat(2 ** 20), '{}']) answers.push(await ask(body));
    agent.destroy();
    expect(answers.map(({ status }) => status)).toEqual([413, 400, 413, 422]);
    expect(new Set(answers.map(({ port }) => port)).size).toBeLessThan(4);
  });

  it('headers of 20 KB, and what is no HTTP', async () => {
    const address = site.api.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const huge = await send(port, `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
    const noise = await send(port, 'HELO there\r\n\r\n');
    for (const [name, text, status, code] of [
      ['headers of 20 KB', huge, 431, 'headers_too_large'],
      ['no HTTP at all', noise, 400, 'bad_request'],
    ] as const) {
      const body = JSON.parse(text.split('\r\n\r\n')[1] ?? '{}') as { code: string; detail: string };
      note(name, { status, body });
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(body.code).toBe(code);
    }
  });

  it('10,000 records in one zone work', { timeout: 120_000 }, async () => {
    await site.call('POST', '/domains', { body: { name: 'large.test' } });
    const domain = await site.call('GET', '/domains/large.test');
    const address = (index: number) => `10.100.${index >> 8}.${index & 255}`;
    const started = performance.now();
    // The bulk in transactions of the store, to spare the suite's time; the last ones by the API.
    const operation = { requestDigest: '', actor: 'admin', origin: 'test', summary: 'large zone' };
    for (let first = 0; first < 9900; first += 1100) {
      const bulk = await write(site.db, { ...operation, key: `large-${first}` }, async (tx) => {
        await tx.run(sql`insert into records (domain_id, name, type, data)
          select ${domain.body.id}, 'h' || n, 'A', '10.100.' || n / 256 || '.' || n % 256
          from generate_series(${first}::int, ${first + 1099}::int) as n`);
        return { status: 201, body: null };
      });
      expect(bulk).toMatchObject({ status: 201 });
    }
    for (let index = 9900; index < 10_000; index += 1) {
      const body = { fqdn: `h${index}.large.test`, type: 'A', data: address(index) };
      expect((await site.call('POST', '/records', { body })).status).toBe(201);
    }
    const seconds = (performance.now() - started) / 1000;
    let count = 0;
    let cursor = '';
    do {
      const page = await site.call('GET', `/records?domain=large.test&limit=1000${cursor ? `&cursor=${cursor}` : ''}`);
      count += (page.body['items'] as unknown[]).length;
      cursor = page.body.next ?? '';
    } while (cursor !== '');
    expect(count).toBe(10_000);
    const preview = await site.call('POST', '/records?dry_run=true', {
      body: { fqdn: 'extra.large.test', type: 'A', data: '10.99.0.1' },
    });
    expect(preview.raw).toContain('+extra A 10.99.0.1');
    table.push(
      `  ${'10,000 records in one zone'.padEnd(32)} 201 made in ${seconds.toFixed(1)} s, listed in pages of 1000, previewed`,
    );
  });
});

function send(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
  });
}
