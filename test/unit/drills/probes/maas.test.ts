import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { withMaas } from '../../../../src/drills/hazards/expect.ts';
import { CATALOGUE } from '../../../../src/drills/hazards/catalogue.ts';
import type { Probe } from '../../../../src/drills/probes/lanes/lane.ts';
import { maasChangeProbe, maasReadProbe } from '../../../../src/drills/probes/lanes/maas.ts';
import { isOAuthRefusal, parseOAuth } from '../../../../src/api/oauth.ts';
import { freePort, type Loopback, serveHttp } from '../../../kit/probes/servers.ts';

const ORDER = { file: 'drill-1', everyMs: 50, timeoutMs: 500 };
const servers: Loopback[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Asked {
  readonly line: string;
  readonly authorization: string;
  readonly body: string;
}

/** A region that answers with these statuses in turn, the last one again and again; and what it was asked. */
async function region(statuses: readonly (readonly [number, Record<string, string>])[]) {
  const asked: Asked[] = [];
  const server = await serveHttp((request, response) => {
    void read(request).then((body) => {
      asked.push({
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization ?? '',
        body,
      });
      const [status, headers] = statuses[Math.min(asked.length, statuses.length) - 1] ?? [500, {}];
      response.writeHead(status, headers).end('[]');
    });
  });
  servers.push(server);
  return { asked, api: { host: '127.0.0.1', port: server.port, apiKey: 'c:t:s' } };
}
async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
const why = (probe: Probe) => new Promise<string>((resolve) => probe.ask(0, (answer) => resolve(answer.why)));
const OK = [200, {}] as const;
const SOON = [503, { 'retry-after': '0' }] as const;

describe('a read of the MAAS API', () => {
  it('has a header of OAuth that is made anew each time', async () => {
    const { asked, api } = await region([OK]);
    const probe = maasReadProbe(api, ORDER, 50);
    expect([await why(probe), await why(probe)]).toEqual(['', '']);
    const credentials = asked.map(({ authorization }) => parseOAuth(authorization));
    expect(credentials[0]).toMatchObject({ consumer: 'c', token: 't', secret: 's' });
    const nonces = credentials.map((one) => (isOAuthRefusal(one) ? '' : one.nonce));
    expect(new Set(nonces).size).toBe(2);
    expect(asked[0]?.line).toBe('GET /MAAS/api/2.0/zones/');
  });

  it('comes again when it is told when, four times at most, and not otherwise', async () => {
    const soon = await region([SOON, [409, { 'retry-after': '0' }], OK]);
    expect([await why(maasReadProbe(soon.api, ORDER, 50)), soon.asked.length]).toEqual(['', 3]);
    const never = await region([SOON]);
    expect([await why(maasReadProbe(never.api, ORDER, 50)), never.asked.length]).toEqual(['503', 5]);
    const taken = await region([[409, {}]]);
    expect([await why(maasReadProbe(taken.api, ORDER, 50)), taken.asked.length]).toEqual(['409', 1]);
    const balancer = await region([[503, { 'regent-answer': 'haproxy' }]]);
    expect(await why(maasReadProbe(balancer.api, ORDER, 50))).toBe('503 haproxy');
    const closed = { ...balancer.api, port: await freePort() };
    expect(await why(maasReadProbe(closed, ORDER, 50))).toBe('refused');
  });
});

describe('a change of the MAAS API', () => {
  it('stores one file anew, and leaves nothing behind', async () => {
    const { asked, api } = await region([[201, {}]]);
    const probe = maasChangeProbe(api, ORDER);
    expect([await why(probe), await why(probe)]).toEqual(['', '']);
    expect(asked[0]?.body).toContain('name="filename"\r\n\r\ndrill-1\r\n');
    await probe.close?.();
    expect(asked.map(({ line }) => line)).toEqual([
      'POST /MAAS/api/2.0/files/?op=',
      'POST /MAAS/api/2.0/files/?op=',
      'DELETE /MAAS/api/2.0/files/?filename=drill-1',
    ]);
  });
});

it('a hazard promises callers of the MAAS API what it promises those of the API', () => {
  const planned = CATALOGUE.filter(({ group }) => group === 'planned').map(withMaas);
  expect(planned.length).toBeGreaterThan(0);
  for (const { expects } of planned)
    for (const [own, maas] of [
      ['read', 'maas read'],
      ['write', 'maas change'],
    ] as const) {
      const of = (name: string) =>
        expects.filter(({ probe }) => probe === name).map((item) => ({ ...item, probe: '' }));
      expect(of(maas)).toEqual(of(own));
    }
});
