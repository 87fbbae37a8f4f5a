import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { tarOf } from '../../../src/core/tar.ts';
import { packScripts } from '../../../src/region/machines/scripts/scripts.ts';

const MACHINE = join(import.meta.dirname, '../../../scripts/machine');
/** How a machine in QEMU's user-mode network reaches this machine's 127.0.0.1. */
const GATEWAY = '10.0.2.2';
const KEYS = { consumer_key: 'consumerkey', token_key: 'tokenkey', token_secret: 'tokensecret' } as const;
const PRESEED = '/MAAS/metadata/latest/by-id/m1/?op=get_preseed';

/** What a machine told by `op=signal`: its fields, files as texts among them, and when (ms since the rack opened). */
export interface Told {
  readonly at: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a machine fetches. `deployment`: texts by path below its folder; `folder`: of the scripts, below scripts/machine. */
export interface Offer {
  readonly folder: string;
  readonly deployment: Readonly<Record<string, string>> | null;
  /** This script alone. */
  readonly only?: string;
  readonly arguments?: readonly string[];
  readonly environment?: readonly string[];
}

/** A stand-in for a rack and the region behind it, as a machine sees them: images by ranges, and what cloud-init and the runner ask for. */
export class TestRack implements AsyncDisposable {
  readonly told: Told[] = [];
  readonly asked: string[] = [];
  offer: Offer = { folder: 'deploying', deployment: {} };
  /** Files by path below the server; a path of this machine. */
  readonly files = new Map<string, string>();
  /** Called for each request for a file; true: the connection is cut in the middle of the answer. */
  cut: (path: string, first: number) => boolean = () => false;
  readonly #server: Server;
  #opened = performance.now();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<TestRack> {
    const server = createServer();
    const rack = new TestRack(server);
    server.on('request', (request, response) => rack.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return rack;
  }

  /** From now on times count. */
  reset(): void {
    this.told.length = 0;
    this.asked.length = 0;
    this.#opened = performance.now();
  }

  get seconds(): number {
    return (performance.now() - this.#opened) / 1000;
  }

  /** Its origin, as a machine sees it. */
  get url(): string {
    return this.urlAt(GATEWAY);
  }

  /** Its origin by this address. */
  urlAt(host: string): string {
    const address = this.#server.address();
    return `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Words of a kernel's command line, as a rack's boot script has them. */
  parameters(root: { readonly path: string; readonly sha256: string }, mac: string): string[] {
    return [
      `BOOTIF=01-${mac.replaceAll(':', '-')}`,
      `regent.root=${this.url}/${root.path}`,
      `regent.root-sha256=${root.sha256}`,
      `regent.metadata=${this.url}/MAAS/metadata/inventory/m1`,
      `cloud-config-url=${this.url}${PRESEED}`,
      'regent.end=reboot',
      'ds=MAAS',
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    this.asked.push(`${method} ${url} ${headers.range ?? ''}`.trim());
    const bodies: Buffer[] = [];
    request.on('data', (chunk: Buffer) => bodies.push(chunk));
    request.on('end', () => {
      const file = this.files.get(url.slice(1));
      if (file !== undefined) return this.#sendFile(file, request, response);
      const answer =
        method === 'POST' ? this.#take(url, headers['content-type'] ?? '', Buffer.concat(bodies)) : this.#give(url);
      response.writeHead(answer === null ? 404 : 200, { 'content-type': 'text/plain' });
      response.end(answer ?? 'no\n');
    });
  }

  #sendFile(file: string, request: IncomingMessage, response: ServerResponse): void {
    const { size } = statSync(file);
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const first = Number(from ?? 0);
    const last = Math.min(size - 1, to === undefined || to === '' ? size - 1 : Number(to));
    const range = from === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${size}` };
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': last - first + 1, ...range });
    const isCut = this.cut(request.url ?? '', first);
    const stream = createReadStream(file, { start: first, end: isCut ? Math.floor((first + last) / 2) : last });
    stream.pipe(response, { end: !isCut });
    if (isCut) stream.on('end', () => response.destroy());
  }

  #give(url: string): string | Uint8Array | null {
    const path = url.replace(/^\/MAAS\/metadata\//, '');
    if (url === PRESEED) {
      const lines = Object.entries(KEYS).map(([name, value]) => `    ${name}: "${value}"\n`);
      return `#cloud-config\ndatasource_list: ["MAAS"]\ndatasource:\n  MAAS:\n    metadata_url: "${this.url}/MAAS/metadata/"\n${lines.join('')}`;
    }
    if (path.endsWith('/instance-id')) return 'm1';
    if (path.endsWith('/local-hostname')) return 'm1';
    if (path.endsWith('/public-keys') || path.endsWith('/vendor-data')) return '';
    if (path.endsWith('/user-data')) return readFileSync(join(MACHINE, 'runner'), 'utf8');
    return path === 'latest/maas-scripts' ? tarOf(this.#archive()) : null;
  }

  /** Names of the scripts of the offer, in their order; their results are numbered from 1. */
  get scripts(): string[] {
    const all = readdirSync(join(MACHINE, this.offer.folder)).sort();
    return all.filter((name) => this.offer.only === undefined || name === this.offer.only);
  }

  #archive() {
    const folder = join(MACHINE, this.offer.folder);
    const scripts = readdirSync(folder)
      .sort()
      .map((name, index) => {
        const content = readFileSync(join(folder, name));
        const timeoutSeconds = Number(/^# timeout: (\d+)$/m.exec(content.toString())?.[1] ?? 0);
        const invocation = { arguments: this.offer.arguments ?? [], environment: this.offer.environment ?? [] };
        return {
          name,
          content,
          timeoutSeconds,
          isParallel: false,
          hardware: 'storage' as const,
          invocation,
          resultId: index + 1,
        };
      });
    const files = { runner: '', runScript: readFileSync(join(MACHINE, 'run-script'), 'utf8') };
    const texts = Object.entries(this.offer.deployment ?? {}).map(([path, text]) => ({
      path: `deployment/${path}`,
      mode: 0o600,
      content: Buffer.from(text),
    }));
    return [...packScripts('deploying', scripts, files), ...texts];
  }

  #take(url: string, type: string, body: Buffer): string {
    if (url.includes('op=signal')) this.told.push({ at: this.seconds, fields: fieldsOf(type, body) });
    return 'OK';
  }
}

function fieldsOf(type: string, body: Buffer): Record<string, string> {
  const boundary = /boundary=(.+)$/.exec(type)?.[1];
  if (boundary === undefined) return Object.fromEntries(new URLSearchParams(body.toString()));
  const fields: Record<string, string> = {};
  for (const part of body.toString('latin1').split(`--${boundary}`)) {
    const [head = '', value = ''] = part.split(/\r\n\r\n(.*)\r\n$/s);
    const name = /name="([^"]*)"/.exec(head)?.[1];
    if (name !== undefined) fields[name] = head.includes('base64') ? Buffer.from(value, 'base64').toString() : value;
  }
  return fields;
}
