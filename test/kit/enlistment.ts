import { sql } from 'kysely';
import { createAgentApi } from '../../src/api/agent/app.ts';
import { ENLIST_PATH, type EnlistQuestion, type EnlistReply } from '../../src/contract/machines/enlist.ts';
import { storePlaces } from '../../src/store/queries/images/images.ts';
import { anImage } from './images.ts';
import { realClock, realRandom, silentLog } from './postgres.ts';
import { NODE_SECRET, type TestRegion } from './region.ts';

/** What the rack of the node `r1` asks about a machine that it does not know. */
export function aStranger(changes: Partial<EnlistQuestion> = {}): EnlistQuestion {
  return {
    mac: '52:54:00:bb:00:01',
    uuid: '564d1a2b-0000-4000-8000-525400bb0001',
    serial: 'SN-B1',
    architecture: 'amd64',
    firmware: 'bios',
    ...changes,
  };
}

/** The nth strange card. */
export function cardOf(index: number): string {
  return `52:54:00:bb:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
}

/** Where the card's lease is. */
function addressOf(mac: string): string {
  const [high = 0, low = 0] = mac
    .split(':')
    .slice(-2)
    .map((octet) => Number.parseInt(octet, 16));
  return `10.10.${10 + (high % 4)}.${(low % 200) + 51}`;
}

/** The card's lease of the rack, as that reports it. */
export async function leaseFor(
  { db }: Pick<TestRegion, 'db'>,
  mac: string,
  { nodeId = 'r1', address = addressOf(mac) } = {},
): Promise<void> {
  await db.repeatable(async (tx) => {
    await tx.run(sql`insert into leases (node_id, address, subnet_id, mac, hostname, state, starts_at, expires_at)
      select ${nodeId}, ${address}::inet, id, ${mac}, '', 'active', now(), now() + interval '1 h' from subnets where cidr >>= ${address}::inet
      on conflict (node_id, address) do update set mac = excluded.mac, starts_at = excluded.starts_at, expires_at = excluded.expires_at`);
    return {};
  });
}

/** As the rack asks that has just given the card a lease: by the agent channel, or at the use case behind it, which has no limit in time. */
export function asker(site: Pick<TestRegion, 'region' | 'agentApi' | 'db'>, nodeId = 'r1') {
  const { region, agentApi } = site;
  return {
    post: async (body: unknown) => {
      const mac = (body as Partial<EnlistQuestion>).mac ?? '';
      if (/^[0-9a-f:]{17}$/.test(mac)) await leaseFor(site, mac, { nodeId });
      return agentApi.inject({
        method: 'POST',
        url: ENLIST_PATH,
        headers: { authorization: `Bearer node:${nodeId}:${NODE_SECRET}`, 'content-type': 'application/json' },
        payload: JSON.stringify(body),
      });
    },
    ask: async (changes: Partial<EnlistQuestion> = {}): Promise<EnlistReply> => {
      const question = aStranger(changes);
      await leaseFor(site, question.mac, { nodeId });
      return region.agents.enlist(nodeId, question);
    },
  };
}

/** A listener of the agent channel whose limits begin anew, with a clock of its own. */
export function freshChannel({ region }: Pick<TestRegion, 'region'>, clock = realClock): TestRegion['agentApi'] {
  return createAgentApi({ region, clock, random: realRandom, log: silentLog, isOwnHost: async () => false });
}

/** Imports an image and makes it the default one of its architecture; gives its digest. */
export async function giveDefaultImage(site: Pick<TestRegion, 'call' | 'db'>, changes: object = {}): Promise<string> {
  const { manifest, digest, files } = anImage({}, changes);
  const made = await site.call('POST', '/images', { body: { manifest } });
  if (made.status !== 201) throw new Error(made.raw);
  const there = Object.keys(files).map((file) => ({ image: digest, file, state: 'there' as const }));
  await site.db.repeatable(async (tx) => (await storePlaces(tx, 'r1', there), {}));
  const set = await site.call('POST', `/images/${digest}/default`);
  if (set.status >= 300) throw new Error(set.raw);
  return digest;
}
