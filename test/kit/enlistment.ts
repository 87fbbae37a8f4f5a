import { createAgentApi } from '../../src/api/agent/app.ts';
import { ENLIST_PATH, type EnlistQuestion, type EnlistReply } from '../../src/contract/wire/enlist.ts';
import { storePlaces } from '../../src/store/queries/cluster/images.ts';
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

/** As the rack asks: by the agent channel, or at the use case behind it, which has no limit in time. */
export function asker({ region, agentApi }: Pick<TestRegion, 'region' | 'agentApi'>, nodeId = 'r1') {
  return {
    post: (body: unknown) =>
      agentApi.inject({
        method: 'POST',
        url: ENLIST_PATH,
        headers: { authorization: `Bearer node:${nodeId}:${NODE_SECRET}`, 'content-type': 'application/json' },
        payload: JSON.stringify(body),
      }),
    ask: (changes: Partial<EnlistQuestion> = {}): Promise<EnlistReply> =>
      region.agents.enlist(nodeId, aStranger(changes)),
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
