import { createHmac } from 'node:crypto';
import { createServer as createPlain, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AlertMessage, AlertPlace } from '../../../src/model/site/alert-target.ts';
import { createAlarmSender } from '../../../src/main/region/outside/alarm-sender.ts';
import { testAuthority, type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';

const MESSAGE: AlertMessage = {
  id: '018f3c1e-0000-4000-8000-000000000001',
  kind: 'opened',
  site: 'regent-0f3a9c21',
  at: '2026-03-01T10:00:00.000Z',
  finding: {
    id: 'agents',
    state: 'broken',
    title: 'Every agent reports',
    detail: 'r3 has not reported for 30 s.',
    risk: 'r3 runs an older configuration.',
    remedy: 'Start it.',
    since: '2026-03-01T09:59:00.000Z',
    endReason: null,
  },
};
const SECRET = 'whsec_c2VjcmV0LW9mLXRoZS10ZXN0cw==';
const send = createAlarmSender({ timeoutMs: 1500, judge: () => null });
let identity: TestIdentity;
const servers: Server[] = [];
beforeAll(async () => {
  identity = await testIdentity(await testAuthority(), { nodeId: 'receiver', addresses: ['127.0.0.1'] });
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function receiver(isSecure: boolean, answer: RequestListener): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  };
  const tls = { cert: identity.certificate, key: identity.key };
  const server = isSecure ? createSecure(tls, listener) : createPlain(listener);
  servers.push(server as Server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { url: `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}/alarms?x=1`, received };
}
const webhook = (url: string): AlertPlace => ({ kind: 'webhook', url, authority: identity.authority });
const out = (place: AlertPlace, secret: string | null = SECRET, closed: readonly string[] = []) =>
  send({ place, secret, message: MESSAGE, closed });
const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(code, headers).end('no');

describe('a webhook', () => {
  it('gets the message with a signature that its receiver can verify', async () => {
    const { url, received } = await receiver(true, status(204));
    expect(await out(webhook(url))).toBeNull();

    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const at = String(headers['webhook-timestamp']);
    const key = Buffer.from('c2VjcmV0LW9mLXRoZS10ZXN0cw==', 'base64');
    const digest = createHmac('sha256', key).update(`${MESSAGE.id}.${at}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${digest}`);
    expect(headers['webhook-id']).toBe(MESSAGE.id);
    expect(Number(at)).toBe(Date.parse(MESSAGE.at) / 1000);
    expect(JSON.parse(body)).toEqual(MESSAGE);
    expect(JSON.stringify(headers) + body).not.toContain(SECRET);
  });

  it('without a secret is not signed', async () => {
    const { url, received } = await receiver(false, status(200));
    expect(await out({ kind: 'webhook', url }, null)).toBeNull();
    expect(received[0]?.headers['webhook-signature']).toBeUndefined();
  });

  it('that hangs for ever ends at the deadline, before and within its answer', async () => {
    const silent = await receiver(false, () => {});
    expect(await out({ kind: 'webhook', url: silent.url }, null)).toBe('127.0.0.1 gave no answer within 1.5 s.');
    const endless = await receiver(false, (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(1000)), 5);
      response.on('close', () => clearInterval(timer));
    });
    expect(await out({ kind: 'webhook', url: endless.url }, null)).toBeNull();
  });

  it.each([500, 404, 429])('that answers %i has not got it', async (code) => {
    const { url } = await receiver(false, status(code));
    expect(await out({ kind: 'webhook', url }, null)).toBe(`127.0.0.1 answered ${code}.`);
  });

  it('that redirects leads nowhere else', async () => {
    const other = await receiver(false, status(200));
    const { url } = await receiver(false, status(302, { location: other.url }));
    expect(await out({ kind: 'webhook', url }, null)).toBe('127.0.0.1 answered 302.');
    expect(other.received).toEqual([]);
  });

  it('with a certificate of somebody else gets nothing', async () => {
    const { url, received } = await receiver(true, status(200));
    expect(await out({ kind: 'webhook', url })).toContain('certificate');
    expect(received).toEqual([]);
  });

  it('at an address of the cluster gets nothing, whatever name leads there', async () => {
    const { url, received } = await receiver(false, status(200));
    const real = createAlarmSender({ timeoutMs: 1500 });
    const alarm = { secret: null, message: MESSAGE, closed: ['10.77.0.10'] };
    const place = (host: string): AlertPlace => ({ kind: 'webhook', url: url.replace('127.0.0.1', host) });
    expect(await real({ ...alarm, place: place('localhost') })).toMatch(/^No message goes to localhost: .* lies in /);
    expect(await real({ ...alarm, place: place('10.77.0.10') })).toBe(
      'No message goes to 10.77.0.10: 10.77.0.10 is an address of the cluster.',
    );
    expect(received).toEqual([]);
  });

  it('that nobody runs says so', async () => {
    expect(await out({ kind: 'webhook', url: 'http://127.0.0.1:1/' }, null)).toContain('ECONNREFUSED');
  });
});

interface Mailed {
  readonly user: unknown;
  readonly to: readonly string[];
  readonly text: string;
  readonly isSecure: boolean;
}

async function mailServer(options: { readonly isTls?: boolean; readonly isMute?: boolean } = {}) {
  const mails: Mailed[] = [];
  const server = new SMTPServer({
    secure: options.isTls === true,
    cert: identity.certificate,
    key: identity.key,
    authOptional: true,
    onConnect: (_session, done) => (options.isMute === true ? undefined : done()),
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error(`${password} is wrong`)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ user: session.user, to, text: Buffer.concat(chunks).toString(), isSecure: session.secure });
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const { port } = server.server.address() as AddressInfo;
  return { port, mails, close: () => new Promise<void>((done) => server.close(() => done())) };
}
const mail = (port: number, changes: Partial<AlertPlace & { kind: 'mail' }> = {}): AlertPlace => ({
  kind: 'mail',
  server: '127.0.0.1',
  port,
  security: 'starttls',
  sender: 'regent@example.net',
  recipients: ['night@example.net', 'ada@example.net'],
  authority: identity.authority,
  ...changes,
});

describe('mail', () => {
  it.each(['starttls', 'tls'] as const)('goes by %s, with the account', async (security) => {
    const server = await mailServer({ isTls: security === 'tls' });
    expect(await out(mail(server.port, { security, user: 'regent' }), 'right')).toBeNull();
    await server.close();

    const [sent] = server.mails;
    expect(sent).toMatchObject({ user: 'regent', to: ['night@example.net', 'ada@example.net'], isSecure: true });
    expect(sent?.text).toContain('Subject: [Regent regent-0f3a9c21] broken: agents');
    expect(sent?.text).toContain(`Message-ID: <${MESSAGE.id}.opened@regent>`);
    expect(sent?.text).toContain('Found: r3 has not reported for 30 s.');
    expect(sent?.text).toContain('At risk: r3 runs an older configuration.');
  });

  it('that is refused says why, without the password', async () => {
    const server = await mailServer();
    const failure = await out(mail(server.port, { user: 'regent' }), 'wrong-password');
    await server.close();
    expect(failure).toContain('***');
    expect(failure).not.toContain('wrong-password');
    expect(server.mails).toEqual([]);
  });

  it('goes to no server whose certificate is of somebody else', async () => {
    const server = await mailServer();
    const { authority: _authority, ...place } = mail(server.port, { user: 'regent' }) as AlertPlace & { kind: 'mail' };
    expect(await out(place, 'right')).toContain('certificate');
    await server.close();
    expect(server.mails).toEqual([]);
  });

  it('to a server that says nothing ends at the deadline', async () => {
    const server = await mailServer({ isMute: true });
    expect(await out(mail(server.port, { security: 'none' }), null)).toMatch(/127\.0\.0\.1/);
    await server.close();
  });
});
