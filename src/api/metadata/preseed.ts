import { type Rejected, rejected } from '../../core/errors.ts';
import type { RunCredentials } from '../../region/machines/metadata/port.ts';
import { METADATA_PREFIX } from './paths.ts';

/** A host and its port as a URL has them, RFC 3986 §3.2.2, in a form that means nothing to YAML. */
const AUTHORITY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

/** The address by which the caller reached us: its next calls go to the same one. Refused: the header is no host. Pure. */
export function baseUrl(host: string | undefined, isTls: boolean): string | Rejected {
  if (host === undefined || !AUTHORITY.test(host))
    return rejected('bad_request', 'The Host header is no host. Rule: RFC 9110 §7.2.');
  return `${isTls ? 'https' : 'http'}://${host}${METADATA_PREFIX}`;
}

/**
 * cloud-init posts a report once and waits for its answer without a bound, unless both settings are given. A relay answers within 10 s; between two tries
 * lies 1 s.
 */
const REPORTS = { timeout: 12, retries: 10 } as const;

/** What cloud-init needs to ask for all else, and to report how it goes. Pure. */
export function preseed(base: string, { machineId, consumer, token, secret }: RunCredentials): string {
  const keys = { consumer_key: consumer, token_key: token, token_secret: secret };
  return cloudConfig({
    datasource_list: ['MAAS'],
    datasource: { MAAS: { metadata_url: `${base}/`, consumer_secret: '', ...keys, max_wait: 120, timeout: 20 } },
    reporting: { maas: { type: 'webhook', endpoint: `${base}/status/${machineId}`, ...keys, ...REPORTS } },
  });
}

/** What a machine that nobody knows yet reads. Pure. */
export function enlistPreseed(base: string): string {
  return cloudConfig({
    datasource_list: ['MAAS'],
    datasource: { MAAS: { metadata_url: `${base}/enlist/`, max_wait: 120, timeout: 20 } },
  });
}

type Yaml = string | number | readonly string[] | { readonly [name: string]: Yaml };

/** One member per line, so that a shell finds the keys. Values are JSON, which is YAML: none can begin another member. */
function cloudConfig(members: Readonly<Record<string, Yaml>>): string {
  return `#cloud-config\n${linesOf(members, '').join('\n')}\n`;
}

function linesOf(members: Readonly<Record<string, Yaml>>, indent: string): string[] {
  return Object.entries(members).flatMap(([name, value]) => {
    const isMap = typeof value === 'object' && !Array.isArray(value);
    if (!isMap) return [`${indent}${name}: ${JSON.stringify(value)}`];
    return [`${indent}${name}:`, ...linesOf(value as Readonly<Record<string, Yaml>>, `${indent}  `)];
  });
}
