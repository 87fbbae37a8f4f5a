import { isIP } from 'node:net';
import { Resolver } from 'node:dns/promises';
import type { LookupType } from '../../contract/site/screens.ts';
import type { AskName, NameAnswer } from '../../region/names/ask-name.ts';

/** A name server of ours answers within milliseconds; one that has to ask others may take longer than anybody waits at a screen. */
const TIMEOUT_MS = 1500;
/** Codes of node:dns as name servers call them (RFC 1035 §4.1.1). */
const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'NXDOMAIN',
  ENODATA: 'NODATA',
  ESERVFAIL: 'SERVFAIL',
  EREFUSED: 'REFUSED',
  ENOTIMP: 'NOTIMP',
  EFORMERR: 'FORMERR',
  ETIMEOUT: 'TIMEOUT',
  ECONNREFUSED: 'NO SERVER',
};

/** Asks a name server, once. An IPv6 address needs no brackets. */
export const askName: AskName = async (server, name, type) => {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  try {
    resolver.setServers([isIP(server) === 6 ? `[${server}]` : server]);
    const found =
      type === 'PTR' && isIP(name) !== 0 ? await resolver.reverse(name) : await resolver.resolve(name, type);
    return answerOf(type, found);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERROR';
    return { code: CODES[code] ?? code, answers: [], serial: null };
  }
};

/** What was found, as zone files write it. */
export function answerOf(type: LookupType, found: unknown): NameAnswer {
  const rows: readonly unknown[] = Array.isArray(found) ? found : [found];
  const serial = type === 'SOA' ? numberOf(rows[0], 'serial') : null;
  return { code: 'NOERROR', answers: rows.map((row) => textOf(type, row)).sort(), serial };
}

function textOf(type: LookupType, row: unknown): string {
  if (type === 'TXT' && Array.isArray(row)) return row.map((part) => JSON.stringify(String(part))).join(' ');
  if (typeof row !== 'object' || row === null) return String(row);
  const values = row as Readonly<Record<string, unknown>>;
  const order: Partial<Record<LookupType, readonly string[]>> = {
    MX: ['priority', 'exchange'],
    SRV: ['priority', 'weight', 'port', 'name'],
    SOA: ['nsname', 'hostmaster', 'serial', 'refresh', 'retry', 'expire', 'minttl'],
  };
  return (order[type] ?? Object.keys(values)).map((name) => String(values[name])).join(' ');
}

function numberOf(row: unknown, name: string): number | null {
  const value = typeof row === 'object' && row !== null ? (row as Readonly<Record<string, unknown>>)[name] : null;
  return typeof value === 'number' ? value : null;
}
