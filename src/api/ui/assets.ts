import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { rejected, show } from '../../core/errors.ts';
import { PORTS } from '../../core/node-ports.ts';
import { isSecure } from '../cookie.ts';
import { type Coding, takesCoding } from '../coding.ts';
import { sendProblem } from '../server.ts';

/** A file of the user interface. `mark`: changes with its bytes. `gzip`, `br`: the same, packed; null: packing does not pay. */
export interface UiAsset {
  readonly type: string;
  readonly mark: string;
  readonly plain: Buffer;
  readonly gzip: Buffer | null;
  readonly br: Buffer | null;
}

/** All files by their paths below `/ui/`: `index.html`, `assets/main-4f2a.js`. The caller never changes it. */
export type UiAssets = ReadonlyMap<string, UiAsset>;

/** `isPlain`: the user interface is also served without TLS (a developer's own host). */
export interface UiPorts {
  readonly assets: UiAssets;
  /** What the site is called; null: nobody can say. */
  readonly siteHosts: SiteHosts;
  readonly isPlain: boolean;
}

/** Where a browser that named this host finds the site over TLS: this host, if it is the site's; else the site's address. Null: not known. */
export type SiteHosts = (host: string) => Promise<string | null>;

export const UI_PATH = '/ui';
const INDEX = 'index.html';
/** Below it names have a hash of their bytes. */
const HASHED = 'assets/';
/** The path of a page that somebody typed without the `#`: no file, whose names have a dot. */
const PAGE = /^(?!assets\/)[\w%~/-]{1,200}$/;
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$/;

/** Nothing from outside, nothing inline, no frame around it (CSP level 3). */
const CSP = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'connect', 'worker', 'font', 'manifest'].map((kind) => `${kind}-src 'self'`),
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
const HEADERS = {
  'content-security-policy': CSP,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
} as const;

/** `GET /ui/…`: the user interface. A call without TLS is redirected to the port with TLS: the session's cookie goes nowhere else. */
export function registerUi(app: FastifyInstance, { assets, siteHosts, isPlain }: UiPorts): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!isPlain && !isSecure(request)) return toSecure(siteHosts, request, reply);
    const path = pathOf(request);
    const asset = assets.get(path);
    if (asset === undefined && assets.has(INDEX) && PAGE.test(path))
      return reply.headers(HEADERS).code(307).header('location', `${UI_PATH}/#/${path}`).send();
    if (asset === undefined) return sendProblem(reply, missing(assets, path), HEADERS);
    return send(request, reply, { asset, isImmutable: path.startsWith(HASHED) });
  };
  app.get('/', (_request, reply) => reply.code(307).header('location', `${UI_PATH}/`).send());
  app.get(UI_PATH, answer);
  app.get(`${UI_PATH}/*`, answer);
}

/** Each path is a file: pages differ only behind "#". The text behind a question mark only bypasses caches. */
function pathOf(request: FastifyRequest): string {
  const path = (request.url.split('?')[0] ?? '').slice(UI_PATH.length + 1);
  return path === '' ? INDEX : path;
}

function missing(assets: UiAssets, path: string) {
  if (!assets.has(INDEX))
    return rejected('not_found', 'This region has no user interface: its release has none in it.');
  return rejected('not_found', `There is no file ${show(path, 120)} in this release's user interface.`);
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { asset, isImmutable }: { readonly asset: UiAsset; readonly isImmutable: boolean },
): FastifyReply {
  const coding = codingOf(asset, String(request.headers['accept-encoding'] ?? ''));
  const etag = `"${asset.mark}${coding === null ? '' : `-${coding}`}"`;
  reply.headers({
    ...HEADERS,
    etag,
    vary: 'Accept-Encoding',
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  const held = (request.headers['if-none-match'] ?? '').split(',').map((text) => text.trim().replace(/^W\//, ''));
  if (held.includes(etag)) return reply.code(304).send();
  if (coding !== null) reply.header('content-encoding', coding);
  return reply
    .header('content-type', asset.type)
    .send((coding === null ? null : asset[bytesOf[coding]]) ?? asset.plain);
}

const bytesOf = { br: 'br', gzip: 'gzip' } as const;

/** The smallest that the client takes. */
function codingOf(asset: UiAsset, accepted: string): Coding | null {
  if (asset.br !== null && takesCoding(accepted, 'br')) return 'br';
  return asset.gzip !== null && takesCoding(accepted, 'gzip') ? 'gzip' : null;
}

/** The same page at the port with TLS, at a name or address of the site: the header Host is the client's, or that of whoever sent it here. */
async function toSecure(siteHosts: SiteHosts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const named = request.hostname;
  if (!HOST.test(named)) return sendProblem(reply, rejected('bad_request', 'The header Host names no host.'));
  const requestedHost = named.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const host = await siteHosts(requestedHost);
  if (host === null) return sendProblem(reply, rejected('forbidden', ONLY_TLS));
  const at = host.includes(':') ? `[${host}]` : host;
  const path = request.url.startsWith(UI_PATH) ? request.url : `${UI_PATH}/`;
  return reply
    .code(host === requestedHost ? 308 : 307)
    .header('location', `https://${at}:${PORTS.https}${path}`)
    .send();
}

const ONLY_TLS = `The user interface is at https://ADDRESS:${PORTS.https}/ui/, with an address of a region node.`;
