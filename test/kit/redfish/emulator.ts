import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  errorBody,
  parsePath,
  type RedfishBody,
  type RedfishPath,
  RESETS,
  resetInfoBody,
  SESSIONS,
  systemBody,
  systemsBody,
} from '../../../src/lab/machines/redfish/resources.ts';
import { bmcCertificate } from './certificate.ts';

/** What a Redfish service does wrong or otherwise; several at once. */
export type RedfishFault =
  | 'ignores'
  | 'says-on'
  | 'slow'
  | 'garbage'
  | 'busy'
  | 'forgets-boot'
  | 'wants-etag'
  | 'weak-etag'
  | 'refuses-etag'
  | 'no-sessions'
  | 'ends-sessions'
  | 'leads-elsewhere'
  | 'repeats-password'
  | 'action-info';

export const REDFISH_USER = 'root';
export const REDFISH_PASSWORD = 'bmc:Geheim§"1';
const SLOW_MS = 1200;

type Say = (status: number, body: RedfishBody | null, headers?: Record<string, string>) => void;

/** A Redfish service with one system or more, over TLS with a certificate of its own making. */
export class RedfishEmulator implements AsyncDisposable {
  readonly #server: Server;
  readonly faults = new Set<RedfishFault>();
  readonly sessions = new Set<string>();
  /** Everything that was asked, such as `PATCH /redfish/v1/Systems/1`. */
  readonly asked: string[] = [];
  /** Kinds of reset that it lists. */
  resets = [...RESETS];
  systems = ['1'];
  isOn = false;
  boot = { BootSourceOverrideEnabled: 'Disabled', BootSourceOverrideTarget: 'None', BootSourceOverrideMode: 'UEFI' };
  manufacturer = 'Contoso';
  /** The last boot that it was asked for. */
  asks: RedfishBody = {};
  #version = 1;
  #logins = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts it on 127.0.0.1; its certificate is new each time. */
  static async open(port = 0): Promise<RedfishEmulator> {
    const { certificate, key } = await bmcCertificate();
    const server = createServer({ cert: certificate, key });
    const emulator = new RedfishEmulator(server);
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void emulator.#answer(request, response),
    );
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    return emulator;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const path = parsePath(request.url ?? '');
    this.asked.push(`${request.method} ${(request.url ?? '').replace(/\/+$/, '')}`);
    if (this.faults.has('slow')) await sleep(SLOW_MS);
    const say: Say = (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === null ? '' : JSON.stringify(body));
    };
    if (this.faults.has('busy')) return say(503, errorBody('Base.1.0.ServiceTemporarilyUnavailable'));
    if (this.faults.has('garbage')) {
      response.end('<html>Welcome to our web server</html>');
      return;
    }
    const body = text === '' ? {} : (JSON.parse(text) as RedfishBody);
    if (path.kind === 'sessions' && request.method === 'POST') return this.#login(body, say);
    const isIn = this.#isIn(request);
    if (!isIn) return say(401, errorBody('no valid session'));
    if (path.kind === 'session') {
      this.sessions.delete(path.id);
      return say(204, null);
    }
    this.#resource({ request, path, body }, say);
  }

  #login(body: RedfishBody, say: Say): void {
    if (this.faults.has('no-sessions')) return say(404, errorBody('no session service'));
    if (body['UserName'] !== REDFISH_USER || body['Password'] !== REDFISH_PASSWORD) {
      const said = this.faults.has('repeats-password')
        ? `wrong password ${String(body['Password'])}`
        : 'wrong password';
      return say(401, errorBody(said));
    }
    this.#logins += 1;
    const token = `t${this.#logins}`;
    this.sessions.add(token);
    say(201, {}, { 'x-auth-token': token, location: `${SESSIONS}/${token}` });
  }

  #isIn(request: IncomingMessage): boolean {
    const token = String(request.headers['x-auth-token'] ?? '');
    const basic = `Basic ${Buffer.from(`${REDFISH_USER}:${REDFISH_PASSWORD}`).toString('base64')}`;
    const isIn =
      this.sessions.has(token) || (this.faults.has('no-sessions') && request.headers['authorization'] === basic);
    // It forgets a session when it was used a while.
    if (this.faults.has('ends-sessions') && this.asked.length % 4 === 0) this.sessions.delete(token);
    return isIn;
  }

  #resource(
    { request, path, body }: { request: IncomingMessage; path: RedfishPath; body: RedfishBody },
    say: Say,
  ): void {
    if (path.kind === 'systems') {
      return say(200, systemsBody(this.systems, this.faults.has('leads-elsewhere') ? 'https://127.0.0.2:1' : ''));
    }
    if (!('id' in path) || !this.systems.includes(path.id)) return say(404, errorBody('no such resource'));
    if (path.kind === 'reset-info') return say(200, resetInfoBody(this.resets));
    if (path.kind === 'reset') return say(this.#reset(String(body['ResetType'])), null);
    if (request.method === 'PATCH') return say(this.#patch(request, body), null);
    say(200, this.#system(path.id), this.#tag === null ? {} : { etag: this.#tag });
  }

  get #tag(): string | null {
    if (this.faults.has('weak-etag')) return `W/"${this.#version}"`;
    return this.faults.has('wants-etag') || this.faults.has('refuses-etag') ? `"${this.#version}"` : null;
  }

  #patch(request: IncomingMessage, body: RedfishBody): number {
    const given = request.headers['if-match'];
    if (this.faults.has('refuses-etag') && given !== undefined) return 412;
    if (this.faults.has('wants-etag') && given !== `"${this.#version}"`) return given === undefined ? 428 : 412;
    if (this.faults.has('weak-etag') && given !== `"${this.#version}"`) return 412;
    this.asks = (body['Boot'] ?? {}) as RedfishBody;
    this.#version += 1;
    if (!this.faults.has('forgets-boot') && !this.faults.has('ignores')) this.boot = { ...this.boot, ...this.asks };
    return 204;
  }

  #reset(kind: string): number {
    if (!this.resets.includes(kind)) return 400;
    if (this.faults.has('ignores')) return 204;
    if (kind === 'On' || kind === 'ForceOn') this.isOn = true;
    if (kind === 'ForceOff' || kind === 'GracefulShutdown') this.isOn = false;
    return 204;
  }

  #system(id: string): RedfishBody {
    return systemBody({
      id,
      manufacturer: this.manufacturer,
      isOn: this.isOn || this.faults.has('says-on'),
      boot: this.boot,
      resets: this.faults.has('action-info') ? null : this.resets,
    });
  }
}
