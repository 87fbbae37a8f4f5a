import { Check, Errors } from 'typebox/value';
import { Desired } from '../contract/cluster/agent.ts';
import { digestOf } from '../core/stable-json.ts';

/** What becomes of a desired state that arrived. */
export type AcceptanceVerdict =
  | { readonly kind: 'accepted'; readonly desired: Desired }
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string };

/**
 * Decides on a desired state: it must have the protocol's form, be this node's, be whole (digest), and be newer than what is
 * held. A lower generation is never taken: the region publishes above what the agent says that it holds, also after a
 * restore of its database, so a lower one is an answer from the past.
 */
export function judgeDesired(value: unknown, nodeId: string, held: Desired | null): AcceptanceVerdict {
  if (!Check(Desired, value)) return refused('malformed', `it does not fit the agent protocol: ${firstError(value)}`);
  if (value.nodeId !== nodeId) return refused('wrong_node', `it is for node ${value.nodeId}, this is ${nodeId}`);
  if (digestOf(value.body) !== value.digest) return refused('wrong_digest', 'its content does not match its digest');
  if (!held || value.generation > held.generation) return { kind: 'accepted', desired: value };
  if (value.generation === held.generation && value.digest === held.digest) return { kind: 'same' };
  const which = `generation ${value.generation} arrived, generation ${held.generation} is held`;
  if (value.generation < held.generation) return refused('older_generation', which);
  return refused('same_generation', `${which}, with different content`);
}

/** The same desired state with nothing in it: every service is to be absent. Its generation stays, so that the region's next one is newer. */
export function absentOf(held: Desired): Desired {
  const services = Object.entries(held.body.services).map(([name, { restart }]) => [name, { desired: null, restart }]);
  const { boot: _none, ...rest } = held.body;
  const body = { ...rest, services: Object.fromEntries(services) as Desired['body']['services'] };
  return { ...held, body, digest: digestOf(body) };
}

function refused(code: string, sentence: string): AcceptanceVerdict {
  return { kind: 'refused', code, sentence: `A desired state was refused: ${sentence}.` };
}

function firstError(value: unknown): string {
  const [error] = Errors(Desired, value);
  return error ? `${error.instancePath || '/'} ${error.message}` : 'unknown';
}
