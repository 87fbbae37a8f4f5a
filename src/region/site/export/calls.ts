import { paramOf } from '../../../contract/base/declare.ts';
import type { RouteId } from '../../../contract/routes.ts';
import type { CallInput } from '../../base/port.ts';
import type { Step } from './plan.ts';

/** A call of the table that does a step. */
export type StepCall = { readonly id: RouteId; readonly input: CallInput };

type Params = Readonly<Record<string, string>>;

/** The call that does a step. `ref`: how a call names the object. Pure. */
export function callOf(step: Step, ref: string): StepCall {
  const { kind, action, members } = step;
  const special = SPECIAL[kind.noun]?.(step, ref);
  if (special !== undefined) return special;
  const body = action === 'delete' ? undefined : members;
  return call(`${kind.noun}.${action}`, action === 'create' ? {} : { [paramOf(kind.noun)]: ref }, body);
}

function call(id: string, params: Params, body: unknown): StepCall {
  return { id: id as RouteId, input: { params, query: {}, body } };
}

const SPECIAL: Readonly<Record<string, (step: Step, ref: string) => StepCall | undefined>> = {
  setting: ({ name, members }) => call('setting.set', { setting: name }, { value: members['value'] }),
  'ssh-key': ({ action, members }, ref) =>
    action === 'delete' ? call('ssh-key.delete', { sshKey: ref }, undefined) : call('ssh-key.add', {}, members),
  annotation: ({ action, members, current }) => {
    const before = { ...current?.members, ...members };
    const texts = action === 'delete' ? {} : (members['texts'] as Params);
    const old = Object.keys((current?.members['texts'] ?? {}) as Params);
    // An empty text takes its name away.
    const all = { ...Object.fromEntries(old.map((name) => [name, ''])), ...texts };
    const params = { kind: String(before['of']), object: String(before['object']) };
    return call('annotation.set', params, { texts: all });
  },
};

/** Calls that a kind needs, for the question whether the caller may apply it. */
export function callIdOf({ kind, action }: Pick<Step, 'kind' | 'action'>): RouteId {
  if (kind.noun === 'setting' || kind.noun === 'annotation') return `${kind.noun}.set` as RouteId;
  return (kind.noun === 'ssh-key' && action === 'create' ? 'ssh-key.add' : `${kind.noun}.${action}`) as RouteId;
}
