import absent from '../../catalog/base/absent.json' with { type: 'json' };
import { json, text } from '../../answer.ts';
import type { Handler, Handlers } from '../../handler.ts';
import { badValue, notFound } from './refusals.ts';

/**
 * Answers of operations about objects that Regent does not have: an empty list, not found, a refusal with a remedy, or
 * gone as in MAAS.
 */
interface AbsentAnswer {
  readonly operations: string;
  /** The machine of the path must be there before anything else is answered. */
  readonly isOfMachine?: boolean | undefined;
  readonly isEmpty?: boolean | undefined;
  readonly missing?: string | undefined;
  readonly gone?: string | undefined;
  /** Parameter, problem, rule. */
  readonly refusal?: readonly string[] | undefined;
}

const handlerOf =
  ({ isOfMachine, missing, gone, refusal }: AbsentAnswer): Handler =>
  async ({ site, path }) => {
    if (isOfMachine) await site.call('machine.show', { params: { machine: path['system_id'] ?? '' } });
    if (missing) notFound(missing, path['id'] ?? path['name'] ?? `${path['osystem']}/${path['distro_series']}`);
    if (gone) return text(gone, 410);
    const [field = '', problem = '', rule = ''] = refusal ?? [];
    return refusal ? badValue(field, problem, rule) : json([]);
  };

/** What MAAS has and Regent has not: lists are empty, nothing is found, and nothing is made. */
export const ABSENT_HANDLERS: Handlers = Object.fromEntries(
  (absent as readonly AbsentAnswer[]).flatMap((answer) =>
    answer.operations.split(' ').map((key) => [key, handlerOf(answer)]),
  ),
);
