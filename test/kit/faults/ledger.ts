import type { Client } from '../../../src/contract/client.ts';
import type { DnsAsker } from '../../../src/drills/probes/dns/asker.ts';
import { pause } from '../until.ts';
import type { Load } from './load.ts';

/** Acknowledged writes against what is there afterwards, by API and by DNS. */
export interface Ledger {
  readonly acknowledged: number;
  readonly missing: readonly string[];
  readonly twice: readonly string[];
  readonly unanswered: readonly string[];
  readonly failures: readonly string[];
}

export const EMPTY_LEDGER: Ledger = { acknowledged: 0, missing: [], twice: [], unanswered: [], failures: [] };

/** Looks every acknowledged write of a stopped load up, and adds what it finds to the ledger so far. */
export async function audit(client: Client, dns: DnsAsker, load: Load, before: Ledger): Promise<Ledger> {
  const found = new Map<string, number>();
  const domain = load.domain;
  const values = new Set<string>();
  for await (const record of client.all('record.list', { query: { domain } })) {
    found.set(record.fqdn, (found.get(record.fqdn) ?? 0) + 1);
    values.add(`${record.fqdn} ${record.data}`);
  }
  const last = load.acknowledged.at(-1);
  if (last) await untilAnswered(dns, last.fqdn, last.data);
  const unanswered: string[] = [];
  for (const write of load.acknowledged) {
    if (!(await isAnswered(dns, write.fqdn, write.data))) unanswered.push(write.fqdn);
  }
  return {
    acknowledged: before.acknowledged + load.acknowledged.length,
    missing: [
      ...before.missing,
      ...load.acknowledged.filter((write) => !values.has(`${write.fqdn} ${write.data}`)).map((write) => write.fqdn),
    ],
    twice: [
      ...before.twice,
      ...load.acknowledged.filter((write) => (found.get(write.fqdn) ?? 0) > 1).map((write) => write.fqdn),
    ],
    unanswered: [...before.unanswered, ...unanswered],
    failures: [...before.failures, ...load.failures],
  };
}

/** Waits until DNS answers a TXT record; throws after a minute. */
export async function untilAnswered(dns: DnsAsker, fqdn: string, data: string): Promise<void> {
  const started = performance.now();
  while (performance.now() - started < 60_000) {
    if ((await dns.ask(fqdn, 'TXT', 500)).data.includes(data)) return;
    await pause(50);
  }
  throw new Error(`${fqdn} is not answered within 60 s`);
}

/** A single lost packet is no lost record. */
async function isAnswered(dns: DnsAsker, fqdn: string, data: string): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if ((await dns.ask(fqdn, 'TXT', 1000)).data.includes(data)) return true;
  }
  return false;
}
