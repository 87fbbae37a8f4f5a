import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../src/api/maas/catalog/table.ts';
import { HANDLERS } from '../../src/api/maas/operations/table.ts';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { shapeProblems } from '../kit/maas-shape.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** How clients of MAAS call: keys, bodies, operations, refusals; by the table of operations, so that none is forgotten. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
});
afterAll(() => site.close());

const ALL = RESOURCES.flatMap((resource) => resource.operations.map((operation) => ({ resource, operation })));
/** A path with something in the place of each name. */
const pathOf = (path: string) => path.replaceAll(/\{\w+\}/g, 'nobody');
const keyParts = () => site.keys.admin.split(':');
const whoami = (authorization: string) =>
  maas.get('users/', { op: 'whoami' }, { role: null, headers: { authorization } });

describe('the documents', () => {
  it('are for everybody, and of exactly this type', async () => {
    const described = await maas.get('describe/', {}, { role: null });
    expect([described.status, described.type]).toEqual([200, 'application/json']);
    expect(described.headers['x-maas-api-hash']).toBe(described.body.hash);
    const version = await maas.get('version/', {}, { role: null });
    expect(version.body).toMatchObject({ version: '3.7.3' });
    expect(version.body.capabilities).toContain('network-deployment-ubuntu');
    expect(shapeProblems('version', version.body)).toEqual([]);
  });

  it('has each handler and action in the form that clients build themselves from', async () => {
    const { body } = await maas.get('describe/', {}, { role: null, headers: { host: 'maas.example:5240' } });
    const names = body.resources.map(({ name }: { name: string }) => name);
    expect(names).toEqual([...names].sort((a: string, b: string) => (a < b ? -1 : 1)));
    expect(names).toContain('DNSResourceRecordsHandler');
    const machines = body.resources.find(({ name }: { name: string }) => name === 'MachinesHandler');
    expect(machines.anon.name).toBe('AnonMachinesHandler');
    expect(machines.auth).toMatchObject({
      path: '/MAAS/api/2.0/machines/',
      uri: 'http://maas.example:5240/MAAS/api/2.0/machines/',
      params: [],
    });
    const vlan = body.handlers.find(({ name }: { name: string }) => name === 'VlanHandler');
    expect(vlan).toMatchObject({
      path: '/MAAS/api/2.0/fabrics/{fabric_id}/vlans/{vid}/',
      params: ['fabric_id', 'vid'],
    });
    for (const handler of body.handlers) {
      expect(typeof handler.doc, handler.name).toBe('string');
      for (const action of handler.actions) {
        expect(action.restful, action.name).toBe(action.op === null);
        expect(action.doc, `${handler.name}.${action.name}`).toMatch(/^[A-Z].*\.(?:\n\n:param |$)/);
      }
    }
    const allocate = machines.auth.actions.find(({ name }: { name: string }) => name === 'allocate');
    // The command takes name=value only for what stands after the first blank line.
    expect(allocate.doc.split('\n\n')[1]).toContain(':param not_in_zone: ');
  });

  it('has one hash on all regions and for all callers', async () => {
    const other = await startTestRegion(pg.get(), { connection: site.connection, keys: site.keys });
    const there = await maasClient(other).get('describe/', {}, { role: null, headers: { host: 'other.example' } });
    await other.close();
    expect(there.body.hash).toBe((await maas.get('describe/')).body.hash);
  });

  it('has the probes of old clients', async () => {
    expect((await maas.get('/MAAS/api/version/', {}, { role: null })).raw).toBe('2.0');
    expect((await maas.get('/MAAS/api/1.0/nodes/', {}, { role: null })).status).toBe(410);
  });
});

describe('keys', () => {
  it('are taken in each form that clients send', async () => {
    const [consumer, token, secret] = keyParts();
    const parts = (quote: string, signature: string, extra: readonly string[] = []) =>
      `OAuth ${[
        ...extra,
        `oauth_nonce=${quote}${Math.random().toString(36).slice(2)}${quote}`,
        `oauth_timestamp=${quote}${Math.floor(Date.now() / 1000)}${quote}`,
        `oauth_version=${quote}1.0${quote}`,
        `oauth_signature_method=${quote}PLAINTEXT${quote}`,
        `oauth_consumer_key=${quote}${consumer}${quote}`,
        `oauth_token=${quote}${token}${quote}`,
        `oauth_signature=${quote}${signature}${quote}`,
      ].join(', ')}`;
    const forms = {
      oauthlib: parts('"', `%26${secret}`),
      libmaas: parts('"', `%26${secret}`, ['realm="OAuth"']),
      gomaasapi: parts('"', `%26${secret}`, ['realm="MAAS+API"']).replace('OAuth ', 'OAuth  '),
      curl: parts('', `&${secret}`),
      bearer: `Bearer ${site.keys.admin}`,
      'a clock of 1970': parts('"', `%26${secret}`).replace(/timestamp="\d+"/, 'timestamp="100"'),
    };
    for (const [name, header] of Object.entries(forms)) {
      const answer = await whoami(header);
      expect([name, answer.status, answer.body.username]).toEqual([name, 200, 'admin']);
      expect(shapeProblems('user', answer.body)).toEqual([]);
    }
  });

  it('are refused with exactly 401, a challenge and a date', async () => {
    const [consumer, token] = keyParts();
    const oauth = (signature: string, method = 'PLAINTEXT') =>
      `OAuth oauth_version="1.0", oauth_signature_method="${method}", oauth_consumer_key="${consumer}", oauth_token="${token}", oauth_signature="${signature}", oauth_timestamp="1", oauth_nonce="${Math.random()}"`;
    const bad = [
      '',
      'Basic eA==',
      oauth('%26wrong'),
      oauth('%26x', 'HMAC-SHA1'),
      'OAuth oauth_version="1.0"',
      'Bearer a:b:c',
    ];
    for (const header of bad) {
      const answer = await whoami(header);
      expect([header, answer.status, answer.type]).toEqual([header, 401, 'text/plain; charset=utf-8']);
      expect(answer.headers['www-authenticate']).toContain('OAuth');
    }
  });
});

describe('every operation', () => {
  it('needs a key, but those that anybody may ask', async () => {
    for (const { resource, operation } of ALL) {
      const isOpen = operation.isAnonymous && operation.method === 'GET';
      const url = pathOf(resource.path);
      const options = { role: null, ...(operation.op === null ? {} : { query: { op: operation.op } }) } as const;
      const answer = await maas.call(operation.method, url, {}, options);
      expect(answer.headers['x-maas-api-hash'], operation.key).toMatch(/^[0-9a-f]{40}$/);
      expect([operation.key, answer.status === 401]).toEqual([operation.key, !isOpen]);
    }
  });

  it('that is not there yet answers 501 and names itself', async () => {
    for (const { resource, operation } of ALL.filter(({ operation: { key } }) => !Object.hasOwn(HANDLERS, key))) {
      const query = operation.op === null ? {} : { op: operation.op };
      const answer = await maas.call(operation.method, pathOf(resource.path), {}, { query });
      expect([operation.key, answer.status]).toEqual([operation.key, 501]);
      expect(answer.raw).toContain(operation.key);
    }
  });

  it('names each parameter that is missing or of another type', async () => {
    for (const { resource, operation } of ALL.filter(({ operation: { key } }) => Object.hasOwn(HANDLERS, key))) {
      const query = operation.op === null ? {} : { op: operation.op };
      const call = (values: Record<string, string>) =>
        operation.method === 'GET' || operation.method === 'DELETE'
          ? maas.call(operation.method, pathOf(resource.path), {}, { query: { ...query, ...values } })
          : maas.call(operation.method, pathOf(resource.path), values, { query });
      const needed = operation.parameters.filter(({ isRequired }) => isRequired).map(({ name }) => name);
      const answer = needed.length === 0 ? null : await call({});
      expect([operation.key, answer?.status, Object.keys(answer?.body ?? {})]).toEqual([
        operation.key,
        answer ? 400 : undefined,
        needed,
      ]);
      for (const { name, type } of operation.parameters.filter(({ type: one }) => one === 'int' || one === 'boolean')) {
        const refused = await call({ ...Object.fromEntries(needed.map((one) => [one, '1'])), [name]: 'so-so' });
        expect([operation.key, name, type, refused.status]).toEqual([operation.key, name, type, 400]);
        expect(Object.keys(refused.body)).toContain(name);
      }
    }
  });

  it('that is about one object answers 404 in plain text where there is none', async () => {
    const gone = ALL.filter(
      ({ resource, operation }) =>
        resource.params.length > 0 &&
        Object.hasOwn(HANDLERS, operation.key) &&
        !operation.parameters.some(({ isRequired }) => isRequired) &&
        // Networks of the old kind are gone for good: 410.
        resource.name !== 'Network',
    );
    for (const { resource, operation } of gone) {
      const query = operation.op === null ? {} : { op: operation.op };
      const answer = await maas.call(operation.method, pathOf(resource.path), {}, { query });
      expect([operation.key, answer.status, answer.type, answer.raw]).toEqual([
        operation.key,
        404,
        'text/plain; charset=utf-8',
        answer.raw,
      ]);
    }
  });
});

describe('a call', () => {
  it('names its operation in the query, the body or the path; an empty op is none', async () => {
    expect((await maas.get('users/', { op: 'whoami' })).body.username).toBe('admin');
    expect((await maas.get('users/op-whoami')).body.username).toBe('admin');
    const created = await maas.post('zones/', '', { name: 'empty-op' });
    expect([created.status, created.body.name]).toEqual([200, 'empty-op']);
    const answer = await maas.post('tags/', null, { name: 'in-body' });
    expect(answer.status).toBe(200);
    expect((await maas.post('tags/in-body/', null, { op: 'update_nodes', add: 'nobody' })).body).toEqual({
      added: 0,
      removed: 0,
    });
  });

  it('may have repeated slashes, and none at the end', async () => {
    expect((await maas.get('/MAAS//api/2.0//domains//1/')).body.id).toBe(1);
    expect((await maas.get('domains')).status).toBe(200);
  });

  it('is read as a form, as parts in base64, and as JSON', async () => {
    for (const encoding of ['form', 'multipart', 'json'] as const) {
      const answer = await maas.post('zones/', null, { name: encoding, description: 'Ä; & =' }, { encoding });
      expect(answer.body).toMatchObject({ name: encoding, description: 'Ä; & =' });
      expect(shapeProblems('zone', answer.body)).toEqual([]);
    }
  });

  it('without parameters may be a form with one part that has no headers', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary="===x=="' };
    const answer = await site.api.inject({
      method: 'POST',
      url: '/MAAS/api/2.0/fabrics/',
      headers: { ...headers, authorization: `Bearer ${site.keys.admin}` },
      payload: '--===x==\r\n\r\n--===x==--',
    });
    expect(answer.statusCode).toBe(200);
  });

  it('is refused where it cannot be read', async () => {
    const send = async (type: string, payload: string) => {
      const authorization = `Bearer ${site.keys.admin}`;
      const headers = { 'content-type': type, authorization };
      const answer = await site.api.inject({ method: 'POST', url: '/MAAS/api/2.0/zones/', headers, payload });
      return answer.statusCode;
    };
    expect(await send('text/xml', '<a/>')).toBe(415);
    expect(await send('application/json', '{"name": ')).toBe(400);
    expect(await send('application/json', '["name"]')).toBe(400);
    expect(
      await send('multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nz'),
    ).toBe(400);
    expect(await send('application/x-www-form-urlencoded', `name=${'z'.repeat(10 * 1024 * 1024)}`)).toBe(413);
    expect(await send('application/json', '{"__proto__": "x", "constructor": "y"}')).toBe(400);
    expect(await send('application/x-www-form-urlencoded', 'name=a%00b')).toBe(400);
  });

  it('of an unknown path, method or operation is told so', async () => {
    expect((await maas.get('nothing/')).status).toBe(404);
    expect((await maas.get('__proto__/')).status).toBe(404);
    const method = await maas.call('DELETE', 'zones/');
    expect([method.status, method.headers.allow]).toEqual([405, 'GET, POST']);
    const op = await maas.get('machines/', { op: 'allocate' });
    expect([op.status, op.type]).toEqual([400, 'text/plain; charset=utf-8']);
    expect((await maas.post('machines/', '__proto__')).status).toBe(400);
  });

  it('is forbidden by role with 403 in plain text', async () => {
    const answer = await maas.post('zones/', null, { name: 'mine' }, { role: 'user' });
    expect([answer.status, answer.type]).toEqual([403, 'text/plain; charset=utf-8']);
    expect((await maas.get('zones/', {}, { role: 'auditor' })).status).toBe(200);
  });

  it('that deletes answers 204 with a type and no body', async () => {
    await maas.post('zones/', null, { name: 'gone' });
    const answer = await maas.remove('zones/gone/');
    expect([answer.status, answer.type, answer.raw]).toEqual([204, 'text/plain; charset=utf-8', '']);
    expect((await maas.remove('zones/gone/')).status).toBe(404);
  });

  it('with a bad value tells the field by the name that MAAS has', async () => {
    const twice = await maas.post('zones/', null, { name: 'empty-op' });
    expect([twice.status, Object.keys(twice.body)]).toEqual([400, ['name']]);
    const subnet = await maas.post('subnets/', null, { cidr: '10.0.0.1/24' });
    expect([subnet.status, Object.keys(subnet.body)]).toEqual([400, ['cidr']]);
    const reference = await maas.post('machines/', null, {
      architecture: 'amd64',
      mac_addresses: '52:54:00:00:00:99',
      zone: 'nowhere',
    });
    expect([reference.status, reference.type]).toEqual([400, 'application/json; charset=utf-8']);
  });
});
