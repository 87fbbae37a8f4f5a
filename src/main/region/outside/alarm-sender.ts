import { createHmac } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { closedAddress } from '../../../model/machines/bmc-hosts.ts';
import { type AlertPlace, hostOfPlace, mailText } from '../../../model/site/alert-target.ts';
import { realBmcAccess } from '../../../host/ask/bmc/real.ts';
import type { OutgoingAlarm, SendAlarm } from '../../../region/site/alarms/port.ts';

/** An attempt takes no longer, ms. */
const TIMEOUT_MS = 10_000;
const SENTENCE_MAX = 300;

/** How a message leaves. `judge`: why nothing goes to an address, as the end of a sentence; another one in tests. */
interface SenderOptions {
  readonly timeoutMs?: number;
  readonly judge?: (address: string, closed: readonly string[]) => string | null;
}

/**
 * Sends messages by HTTP and SMTP. The name is resolved once, its address is judged, and the connection goes to the judged address. No redirection is followed. What
 * is given back has no secret in it.
 */
export function createAlarmSender({ timeoutMs = TIMEOUT_MS, judge = closedAddress }: SenderOptions = {}): SendAlarm {
  const network = realBmcAccess();
  return async (alarm) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const host = hostOfPlace(alarm.place);
    try {
      const found = await network.resolve({ host, timeoutMs: timeoutMs / 2 });
      if ('kind' in found) return clean(`${found.sentence}.`, alarm);
      for (const address of found) {
        const why = judge(address, alarm.closed);
        if (why !== null) return `No message goes to ${host}: ${address} ${why}.`;
      }
      const [address] = found;
      if (address === undefined) return `${host} has no address.`;
      const send = alarm.place.kind === 'webhook' ? sendWebhook : sendMail;
      return clean(await send(alarm, { address, signal, timeoutMs }), alarm);
    } catch (error) {
      if (signal.aborted) return `${host} gave no answer within ${timeoutMs / 1000} s.`;
      return clean(error instanceof Error ? `${host}: ${error.message}` : `${host} cannot be reached.`, alarm);
    }
  };
}

interface Route {
  readonly address: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** The headers that prove a message, as Standard Webhooks 1.0 has them; none without a secret. `at` in seconds. */
export function signatureOf(secret: string | null, id: string, at: number, body: string): Record<string, string> {
  const head = { 'webhook-id': id, 'webhook-timestamp': String(at) };
  if (secret === null) return head;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8');
  const digest = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  return { ...head, 'webhook-signature': `v1,${digest}` };
}

function sendWebhook({ place, secret, message }: OutgoingAlarm, { address, signal }: Route): Promise<string | null> {
  const { url: text, authority } = place as AlertPlace & { kind: 'webhook' };
  const url = new URL(text);
  const isSecure = url.protocol === 'https:';
  const name = hostOfPlace(place);
  const body = JSON.stringify(message);
  const options = {
    method: 'POST',
    host: address,
    port: Number(url.port || (isSecure ? 443 : 80)),
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'regent',
      ...signatureOf(secret, message.id, Math.floor(Date.parse(message.at) / 1000), body),
    },
    agent: false as const,
    signal,
  };
  const tls = {
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(authority === undefined ? {} : { ca: authority }),
  };
  return new Promise((settle, fail) => {
    const sent = isSecure ? secureRequest({ ...options, ...tls }) : plainRequest(options);
    sent.on('error', fail);
    sent.on('response', (response) => {
      const { statusCode = 0 } = response;
      // Nobody reads the answer, and it may be endless.
      sent.destroy();
      response.on('error', () => {});
      settle(statusCode >= 200 && statusCode < 300 ? null : `${name} answered ${statusCode}.`);
    });
    sent.end(body);
  });
}

async function sendMail({ place, secret, message }: OutgoingAlarm, route: Route): Promise<string | null> {
  const { server, port, security, user, sender, recipients, authority } = place as AlertPlace & { kind: 'mail' };
  const { address, signal, timeoutMs } = route;
  const transport = createTransport({
    host: address,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: {
      ...(isIP(server) === 0 ? { servername: server } : {}),
      ...(authority === undefined ? {} : { ca: authority }),
    },
    ...(user === undefined || secret === null ? {} : { auth: { user, pass: secret } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const late = new Promise<never>((_settle, fail) => {
    signal.addEventListener('abort', () => fail(new Error('late')), { once: true });
  });
  const { subject, text } = mailText(message);
  const mail = {
    from: sender,
    to: [...recipients],
    subject,
    text,
    messageId: `<${message.id}.${message.kind}@regent>`,
  };
  try {
    await Promise.race([transport.sendMail(mail), late]);
    return null;
  } finally {
    transport.close();
  }
}

/** A sentence of somebody else, without the secret and what follows from it, and of bounded length. */
function clean(sentence: string | null, { secret }: OutgoingAlarm): string | null {
  if (sentence === null || secret === null) return sentence?.slice(0, SENTENCE_MAX) ?? null;
  const forms = [secret, Buffer.from(secret).toString('base64')];
  return forms.reduce((text, form) => text.replaceAll(form, '***'), sentence).slice(0, SENTENCE_MAX);
}
