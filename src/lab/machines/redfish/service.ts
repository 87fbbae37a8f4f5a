import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import {
  errorBody,
  parsePath,
  RESETS,
  type RedfishBody,
  type RedfishBoot,
  resetInfoBody,
  ROOT,
  SESSIONS,
  SYSTEMS,
  systemBody,
  systemsBody,
} from './resources.ts';

/** The machine behind a BMC. */
export interface Chassis {
  isOn(): Promise<boolean>;
  /** The device of the next start: `pxe`, `disk` or `default`. */
  boot(): Promise<string>;
  set(what: 'power' | 'reset' | 'shutdown' | 'boot', value: string): Promise<void>;
}

/** A BMC that speaks Redfish: one system, one user. */
export interface RedfishOrder {
  readonly certificate: string;
  readonly key: string;
  readonly user: string;
  readonly password: string;
  readonly system: string;
  readonly chassis: Chassis;
}

interface RedfishReply {
  readonly status: number;
  readonly body?: RedfishBody;
  readonly headers?: Readonly<Record<string, string>>;
}

const LARGEST = 64 * 1024;
/** A real BMC has room for few; the oldest goes. */
const SESSIONS_MAX = 16;
const TARGETS: Readonly<Record<string, string>> = { Pxe: 'pxe', Hdd: 'disk', None: 'default' };

/** The service of one machine's BMC, over TLS; the caller has it listen. */
export function redfishService(order: RedfishOrder): Server {
  const sessions = new Set<string>();
  const server = createServer({ cert: order.certificate, key: order.key }, (request, response) => {
    void answerSafely(order, sessions, request)
      .catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        process.stderr.write(`${request.method} ${request.url}: ${reason}\n`);
        return refuse(500, 'the machine refused it');
      })
      .then((answer) => send(response, answer));
  });
  server.requestTimeout = 10_000;
  return server;
}

function send(response: ServerResponse, { status, body, headers = {} }: RedfishReply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

const refuse = (status: number, message: string): RedfishReply => ({ status, body: errorBody(message) });

async function answerSafely(
  order: RedfishOrder,
  sessions: Set<string>,
  request: IncomingMessage,
): Promise<RedfishReply> {
  const body = await bodyOf(request);
  if (body === null) return refuse(400, 'the body is not a JSON object of at most 64 KiB');
  const path = parsePath(request.url ?? '');
  if (path.kind === 'root') {
    const service = { '@odata.id': ROOT, RedfishVersion: '1.15.0', Systems: { '@odata.id': SYSTEMS } };
    return { status: 200, body: { ...service, Links: { Sessions: { '@odata.id': SESSIONS } } } };
  }
  if (path.kind === 'sessions' && request.method === 'POST') return login(order, sessions, body);
  if (!isLetIn(order, sessions, request)) return refuse(401, 'no valid session');
  switch (path.kind) {
    case 'session':
      sessions.delete(path.id);
      return { status: 204 };
    case 'systems':
      return { status: 200, body: systemsBody([order.system]) };
    case 'system':
    case 'reset':
    case 'reset-info':
      if (path.id !== order.system) return refuse(404, 'no such system');
      if (path.kind === 'reset-info') return { status: 200, body: resetInfoBody(RESETS) };
      return await systemAnswer(order, path.kind, request.method ?? '', body);
    case 'sessions':
    case 'none':
      return refuse(404, 'no such resource');
  }
}

function login(order: RedfishOrder, sessions: Set<string>, body: RedfishBody): RedfishReply {
  if (body['UserName'] !== order.user || body['Password'] !== order.password) return refuse(401, 'wrong password');
  const token = randomBytes(12).toString('hex');
  for (const old of sessions) if (sessions.size >= SESSIONS_MAX) sessions.delete(old);
  sessions.add(token);
  return { status: 201, body: {}, headers: { 'x-auth-token': token, location: `${SESSIONS}/${token}` } };
}

function isLetIn(order: RedfishOrder, sessions: ReadonlySet<string>, { headers }: IncomingMessage): boolean {
  const basic = `Basic ${Buffer.from(`${order.user}:${order.password}`).toString('base64')}`;
  return headers.authorization === basic || sessions.has(String(headers['x-auth-token'] ?? ''));
}

async function systemAnswer(
  { chassis, system }: RedfishOrder,
  kind: 'system' | 'reset',
  method: string,
  body: RedfishBody,
): Promise<RedfishReply> {
  if (kind === 'reset' && method === 'POST') return await reset(chassis, body['ResetType']);
  if (kind === 'system' && method === 'PATCH') return await patch(chassis, body['Boot']);
  if (kind !== 'system' || method !== 'GET') return refuse(405, 'the resource does not take this method');
  const [isOn, boot] = [await chassis.isOn(), bootOf(await chassis.boot())];
  return { status: 200, body: systemBody({ id: system, manufacturer: 'Regent', isOn, boot, resets: RESETS }) };
}

async function reset(chassis: Chassis, kind: unknown): Promise<RedfishReply> {
  if (kind === 'On') await chassis.set('power', '1');
  else if (kind === 'ForceOff') await chassis.set('power', '0');
  else if (kind === 'ForceRestart') await chassis.set('reset', '1');
  else if (kind === 'GracefulShutdown') await chassis.set('shutdown', '1');
  else return refuse(400, 'no such kind of reset');
  return { status: 204 };
}

async function patch(chassis: Chassis, boot: unknown): Promise<RedfishReply> {
  const wanted = typeof boot === 'object' && boot !== null ? (boot as RedfishBody) : {};
  const isOff = wanted['BootSourceOverrideEnabled'] === 'Disabled';
  const device = isOff ? 'default' : TARGETS[String(wanted['BootSourceOverrideTarget'])];
  if (device === undefined) return refuse(400, 'no such boot device');
  await chassis.set('boot', device);
  return { status: 204 };
}

function bootOf(device: string): RedfishBoot {
  const target = Object.keys(TARGETS).find((name) => TARGETS[name] === device) ?? 'None';
  const enabled = target === 'None' ? 'Disabled' : 'Once';
  return { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target, BootSourceOverrideMode: 'UEFI' };
}

/** Null: it is none that the service takes. */
async function bodyOf(request: IncomingMessage): Promise<RedfishBody | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size <= LARGEST) chunks.push(bytes);
  }
  if (size > LARGEST) return null;
  if (size === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as RedfishBody) : null;
  } catch {
    return null;
  }
}
