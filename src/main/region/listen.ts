import { AppError } from '../../core/errors.ts';

/** Where a server listens; `isTls`: with the node's certificate, and asking for the caller's. */
export type Listen =
  | { readonly host: string; readonly port: number; readonly isTls?: boolean }
  | { readonly path: string };

/** Parses `host:port`, `[v6]:port`, `tls:host:port`, `unix:/path` or `/path`. Throws AppError `configuration`. */
export function parseListen(text: string): Listen {
  const path = text.replace(/^unix:/, '');
  if (path.startsWith('/')) return { path };
  const match = /^(tls:)?(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[4]);
  if (!match || port > 65_535)
    throw new AppError(
      'configuration',
      `"${text}" is not an address to listen on: HOST:PORT, tls:HOST:PORT or unix:/PATH`,
    );
  return { host: match[2] ?? match[3] ?? '', port, ...(match[1] ? { isTls: true } : {}) };
}

/** As `parseListen` reads it. */
export function showListen(where: Listen): string {
  if ('path' in where) return `unix:${where.path}`;
  const host = where.host.includes(':') ? `[${where.host}]` : where.host;
  return `${where.isTls ? 'tls:' : ''}${host}:${where.port}`;
}
