import { type Client, createClient } from '../../src/contract/client.ts';
import type { Service } from '../../src/contract/cluster/service.ts';
import { type DnsAsker, startDnsAsker } from '../../src/drills/probes/dns/asker.ts';
import type { CommandResult } from '../../src/lab/command.ts';
import { systemRandom } from '../../src/main/process.ts';
import type { ProductLab } from './lab.ts';
import { type Regent, regentOf } from './regent.ts';
import { until } from './until.ts';

/** The resolver of vlan10: r1's address there. */
const RESOLVER = '10.10.10.1';

/** A running product as its operator and its clients have it. Close it before its lab. */
export interface Site extends Regent {
  readonly client: Client;
  readonly dns: DnsAsker;
  /** A shell line in r1 as its root, its output trimmed; throws when it fails. */
  sh(script: string, timeoutMs?: number): Promise<string>;
  /** The same, and whatever it did is told. */
  trySh(script: string, timeoutMs?: number): Promise<CommandResult>;
  /** `dig` from the client of vlan10, its output trimmed. */
  dig(...args: string[]): Promise<string>;
  /** Waits until `dig +short` says this: a name's two zones are loaded one after the other. */
  digs(answer: string, ...args: string[]): Promise<void>;
  /** A managed service of r1 by the API. */
  service(name: string): Promise<Service>;
  /** Makes a TXT record that holds its own name and waits until DNS answers it; ms from the acknowledgement on. */
  flows(fqdn: string, deadlineMs?: number): Promise<number>;
  /** Waits until everything is healthy and in force. */
  well(deadlineMs?: number): Promise<void>;
  /** Does DNS answer this name with this text now? */
  answers(fqdn: string, text?: string): Promise<boolean>;
  /** Serial of a zone as its server tells it. */
  serial(zone: string): Promise<number>;
  close(): void;
}

/** Opens a site on a lab's product. */
export function openSite(lab: ProductLab): Site {
  const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom() });
  const dns = startDnsAsker(lab.layout.clientNetns('vlan10'), RESOLVER);
  const dig = async (...args: string[]) =>
    (await lab.client('vlan10', ['dig', '+time=1', '+tries=2', ...args])).stdout.trim();
  const answers = async (fqdn: string, text = fqdn) => (await dns.ask(fqdn, 'TXT', 500)).data.includes(text);
  return {
    client,
    dns,
    ...regentOf(lab),
    sh: (script, timeoutMs) => lab.ask('r1', ['sh', '-c', script], timeoutMs),
    trySh: (script, timeoutMs) => lab.exec('r1', ['sh', '-c', script], timeoutMs),
    dig,
    digs: async (answer, ...args) => {
      let said = '';
      const isSaid = async () => (said = await dig('+short', ...args)) === answer;
      await until(`dig ${args.join(' ')}: ${answer}`, isSaid, { deadlineMs: 20_000 }).catch((cause: unknown) => {
        throw new Error(`dig ${args.join(' ')} says ${JSON.stringify(said)}`, { cause });
      });
    },
    service: async (name) => (await client.call('service.show', { params: { node: 'r1', service: name } })).body,
    flows: async (fqdn, deadlineMs = 60_000) => {
      await client.call('record.create', { body: { fqdn, type: 'TXT', data: fqdn } });
      const acknowledged = performance.now();
      await until(`an answer to ${fqdn}`, () => answers(fqdn), { deadlineMs });
      return performance.now() - acknowledged;
    },
    well: async (deadlineMs = 90_000) => {
      let summary = 'no status';
      const probe = async () => {
        const { body } = await client.call('status.show', {});
        summary = body.summary;
        return body.state === 'ok' && body.nodes.every((node) => node.isCurrent);
      };
      await until('a healthy site', probe, { deadlineMs, everyMs: 250 }).catch((cause: unknown) => {
        throw new Error(`the site is not well: ${summary}`, { cause });
      });
    },
    answers,
    serial: async (zone) => {
      const text = await until(`the SOA of ${zone}`, () => dig('+short', zone, 'SOA'), { deadlineMs: 30_000 });
      return Number(text.split(' ')[2]);
    },
    close: () => dns.close(),
  };
}

/** Prints one line of a test's log: the case, what was seen, how long it took since `startedAt` (monotonic ms). */
export function told(name: string, seen: string, startedAt: number): void {
  console.log(`${name} → ${seen} → ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}
