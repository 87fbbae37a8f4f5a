import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
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

interface Body {
  readonly [name: string]: unknown;
}

/** A Redfish service with one system or more, over TLS with a certificate of its own making. */
export class RedfishEmulator implements AsyncDisposable {
  readonly #server: Server;
  readonly faults = new Set<RedfishFault>();
  readonly sessions = new Set<string>();
  /** Everything that was asked, such as `PATCH /redfish/v1/Systems/1`. */
  readonly asked: string[] = [];
  /** Kinds of reset that it lists. */
  resets = ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart'];
  systems = ['1'];
  isOn = false;
  boot = { BootSourceOverrideEnabled: 'Disabled', BootSourceOverrideTarget: 'None', BootSourceOverrideMode: 'UEFI' };
  manufacturer = 'Contoso';
  /** The last boot that it was asked for. */
  asks: Body = {};
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
    const path = (request.url ?? '').replace(/\/+$/, '');
    this.asked.push(`${request.method} ${path}`);
    if (this.faults.has('slow')) await sleep(SLOW_MS);
    const say = (status: number, body: Body | null, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === null ? '' : JSON.stringify(body));
    };
    if (this.faults.has('busy')) return say(503, error('Base.1.0.ServiceTemporarilyUnavailable'));
    if (this.faults.has('garbage')) {
      response.end('<html>Welcome to our web server</html>');
      return;
    }
    const body = text === '' ? {} : (JSON.parse(text) as Body);
    if (path === '/redfish/v1/SessionService/Sessions' && request.method === 'POST') return this.#login(body, say);
    const isIn = this.#isIn(request);
    if (!isIn) return say(401, error('no valid session'));
    if (path.startsWith('/redfish/v1/SessionService/Sessions/')) {
      this.sessions.delete(path.split('/').at(-1) ?? '');
      return say(204, null);
    }
    this.#resource({ request, path, body }, say);
  }

  #login(body: Body, say: (status: number, body: Body | null, headers?: Record<string, string>) => void): void {
    if (this.faults.has('no-sessions')) return say(404, error('no session service'));
    if (body['UserName'] !== REDFISH_USER || body['Password'] !== REDFISH_PASSWORD) {
      const said = this.faults.has('repeats-password')
        ? `wrong password ${String(body['Password'])}`
        : 'wrong password';
      return say(401, error(said));
    }
    this.#logins += 1;
    const token = `t${this.#logins}`;
    this.sessions.add(token);
    say(201, {}, { 'x-auth-token': token, location: `/redfish/v1/SessionService/Sessions/${token}` });
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
    { request, path, body }: { request: IncomingMessage; path: string; body: Body },
    say: (status: number, body: Body | null, headers?: Record<string, string>) => void,
  ): void {
    const [, id = '', rest = ''] = /^\/redfish\/v1\/Systems\/([^/]+)(.*)$/.exec(path) ?? [];
    if (path === '/redfish/v1/Systems') {
      const place = this.faults.has('leads-elsewhere') ? 'https://127.0.0.2:1' : '';
      return say(200, {
        Members: this.systems.map((name) => ({ '@odata.id': `${place}/redfish/v1/Systems/${name}` })),
      });
    }
    if (!this.systems.includes(id)) return say(404, error('no such resource'));
    if (rest === '/ResetActionInfo')
      return say(200, { Parameters: [{ Name: 'ResetType', AllowableValues: this.resets }] });
    if (rest === '/Actions/ComputerSystem.Reset') return say(this.#reset(String(body['ResetType'])), null);
    if (request.method === 'PATCH') return say(this.#patch(request, body), null);
    say(200, this.#system(id), this.#tag === null ? {} : { etag: this.#tag });
  }

  get #tag(): string | null {
    if (this.faults.has('weak-etag')) return `W/"${this.#version}"`;
    return this.faults.has('wants-etag') || this.faults.has('refuses-etag') ? `"${this.#version}"` : null;
  }

  #patch(request: IncomingMessage, body: Body): number {
    const given = request.headers['if-match'];
    if (this.faults.has('refuses-etag') && given !== undefined) return 412;
    if (this.faults.has('wants-etag') && given !== `"${this.#version}"`) return given === undefined ? 428 : 412;
    if (this.faults.has('weak-etag') && given !== `"${this.#version}"`) return 412;
    this.asks = (body['Boot'] ?? {}) as Body;
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

  #system(id: string): Body {
    const base = `/redfish/v1/Systems/${id}`;
    const listed = this.faults.has('action-info')
      ? { '@Redfish.ActionInfo': `${base}/ResetActionInfo` }
      : { 'ResetType@Redfish.AllowableValues': this.resets };
    return {
      '@odata.id': base,
      Manufacturer: this.manufacturer,
      Model: 'X1',
      PowerState: this.isOn || this.faults.has('says-on') ? 'On' : 'Off',
      Boot: { ...this.boot, 'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'Hdd'] },
      Actions: { '#ComputerSystem.Reset': { target: `${base}/Actions/ComputerSystem.Reset`, ...listed } },
    };
  }
}

function error(message: string): Body {
  return { error: { code: 'Base.1.0.GeneralError', message, '@Message.ExtendedInfo': [{ Message: message }] } };
}
