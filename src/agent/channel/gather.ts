import { Check } from 'typebox/value';
import type { Desired } from '../../contract/cluster/agent.ts';
import { DesiredParts, PARTS_PER_QUESTION, PartsAnswer } from '../../contract/cluster/desired-parts.ts';
import { type BodyPart, createJoiner, createSplitter } from '../../contract/base/wire/body-parts.ts';
import { digestOf } from '../../core/stable-json.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { RegionChannel } from './channel.ts';

/** `whole`: a desired state with its body, not judged yet, or whatever else came. `useless`: the whole body must be requested. */
export type Gathered =
  | { readonly kind: 'whole'; readonly value: unknown }
  | { readonly kind: 'useless'; readonly why: string };

/** Questions for missing parts: each level of parts may need one. */
const QUESTIONS_MAX = 12;

/**
 * Puts a desired state together from the parts that arrived and those of `held`. Each part must have the content of its digest, else it counts as
 * missing. Missing parts are requested; a request that brings nothing ends it.
 */
export async function gatherDesired(
  value: unknown,
  held: Desired | null,
  channel: Pick<RegionChannel, 'parts'>,
): Promise<Gathered> {
  if (!Check(DesiredParts, value)) return { kind: 'whole', value };
  const { root, parts, ...rest } = value;
  const taken = new Map<string, BodyPart>();
  const own = partsOf(held);
  take(taken, parts);
  for (let questions = 0; questions <= QUESTIONS_MAX; questions += 1) {
    const joined = createJoiner((digest) => taken.get(digest) ?? own(digest))(root);
    if (joined.kind === 'whole') {
      if (digestOf(joined.body) !== rest.digest) return useless('the parts do not add up to the body of the digest');
      return { kind: 'whole', value: { ...rest, body: joined.body } };
    }
    if (joined.digests.length > PARTS_PER_QUESTION) return useless(`${joined.digests.length} parts are missing`);
    const before = taken.size;
    try {
      const answer = await channel.parts({ digests: [...joined.digests] });
      if (Check(PartsAnswer, answer)) take(taken, answer.parts);
    } catch (error) {
      return useless(`parts are missing: ${sentenceOf(error)}`);
    }
    if (taken.size === before) return useless(`the region does not have part ${joined.digests[0]}`);
  }
  return useless('parts are still missing after all requests');
}

const useless = (why: string): Gathered => ({ kind: 'useless', why });

/** Takes what has the content of its digest. */
function take(taken: Map<string, BodyPart>, parts: Readonly<Record<string, BodyPart>>): void {
  for (const [digest, part] of Object.entries(parts)) if (digestOf(part) === digest) taken.set(digest, part);
}

/** Parts of what is held, cut as regions of this release do: those of another release may find some missing. */
function partsOf(held: Desired | null): (digest: string) => BodyPart | undefined {
  if (held === null) return () => undefined;
  const { parts, split } = createSplitter();
  split(held.body);
  return (digest) => {
    const part = parts.get(digest);
    return part && (JSON.parse(part.text) as BodyPart);
  };
}
