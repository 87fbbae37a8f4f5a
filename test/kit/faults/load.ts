import type { Client } from '../../../src/contract/client.ts';
import { sentenceOf } from '../../../src/core/errors.ts';
import type { DnsAsker } from '../../../src/drills/probes/dns/asker.ts';
import { gapMeter } from './gap.ts';

/** A write that was acknowledged: what must be found afterwards. */
export interface Acknowledged {
  readonly fqdn: string;
  readonly data: string;
  /** ms, monotonic. */
  readonly sentAt: number;
  readonly at: number;
}

/** Steady load: numbered writes and DNS questions. */
export interface Load {
  readonly domain: string;
  readonly acknowledged: readonly Acknowledged[];
  /** Writes that were refused or given up, each with its sentence. */
  readonly failures: readonly string[];
  /** Longest time without an acknowledged write, and without a DNS answer, since `mark`, ms. */
  gaps(): { write: number; dns: number };
  mark(): void;
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly client: Client;
  readonly dns: DnsAsker;
  readonly domain: string;
  /** A name that exists throughout. */
  readonly probe: string;
  readonly writesPerSecond: number;
  readonly firstNumber: number;
}

/** Starts the load. Each write is one record of its own name with its number as data, and keeps its Idempotency-Key over all tries. */
export function startLoad(options: LoadOptions): Load {
  const { client, dns, domain, probe, writesPerSecond, firstNumber } = options;
  const acknowledged: Acknowledged[] = [];
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const write = gapMeter();
  const answers = gapMeter();
  let number = firstNumber;

  const writeOne = async () => {
    number += 1;
    const sentAt = performance.now();
    const record = { fqdn: `w${number}.${domain}`, type: 'TXT', data: `n=${number}` };
    try {
      await client.call('record.create', { body: record });
      acknowledged.push({ fqdn: record.fqdn, data: record.data, sentAt, at: performance.now() });
      write.seen();
    } catch (error) {
      failures.push(`${record.fqdn}: ${sentenceOf(error)}`);
    }
  };
  const writes = setInterval(() => {
    const one = writeOne().finally(() => open.delete(one));
    open.add(one);
  }, 1000 / writesPerSecond);
  const probes = setInterval(() => {
    const one = dns.ask(probe, 'TXT', 500).then((answer) => {
      if (answer.rcode === 0 && answer.data.length > 0) answers.seen();
    });
    const tracked = one.finally(() => open.delete(tracked));
    open.add(tracked);
  }, 100);

  return {
    domain,
    acknowledged,
    failures,
    gaps: () => ({ write: write.longest(), dns: answers.longest() }),
    mark: () => {
      write.reset();
      answers.reset();
    },
    stop: async () => {
      clearInterval(writes);
      clearInterval(probes);
      await Promise.all(open);
    },
  };
}
