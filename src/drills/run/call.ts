import { parseArgs } from 'node:util';
import { AppError } from '../../core/errors.ts';
import type { Hazard, HazardGroup } from '../hazards/hazard.ts';

/** What `scripts/drill help` prints. */
export const USAGE = `scripts/drill VERB: failovers rehearsed and measured in a lab (scripts/up). REGENT_LAB names the instance (default: lab).

  list                           the hazards: id, group, what is done
  run ID…                        play these
  all                            play them all

  --rounds N                     how often each (default 1; a 95th percentile needs 30)
  --group G                      of \`all\`: host, process, hang, network, disk, planned, double or noise
  --short                        of \`all\`: a few, one of each group
  --seed S                       the same phases and victims again; for one ID and one round: that very round
  --out FOLDER                   where the report goes (default: .regent/drills/<date>)
  --no-store                     the rounds are not kept in the cluster's history
`;

/** A command line of scripts/drill, understood. */
export interface DrillCall {
  readonly verb: 'list' | 'run' | 'all' | 'help';
  readonly ids: readonly string[];
  readonly rounds: number;
  readonly group: string | null;
  readonly isShort: boolean;
  /** Null: any. */
  readonly seed: number | null;
  readonly out: string | null;
  readonly isStored: boolean;
}

const MOST_ROUNDS = 1000;

/** Reads a command line. Throws AppError `usage`, or parseArgs' own error with its words. */
export function parseDrillCall(words: readonly string[]): DrillCall {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      group: { type: 'string' },
      short: { type: 'boolean' },
      seed: { type: 'string' },
      out: { type: 'string' },
      'no-store': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [verb = 'help', ...ids] = values.help === true ? ['help'] : positionals;
  if (!isVerb(verb)) throw usage(`There is no verb "${verb}".`);
  if ((verb === 'run') !== ids.length > 0)
    throw usage(verb === 'run' ? 'run: name a hazard.' : `${verb} takes no names.`);
  if (verb !== 'all' && (values.group !== undefined || values.short === true))
    throw usage('--group and --short are of `all`.');
  return {
    verb,
    ids,
    rounds: wholeNumber('--rounds', values.rounds ?? '1', 1, MOST_ROUNDS),
    group: values.group ?? null,
    isShort: values.short === true,
    seed: values.seed === undefined ? null : wholeNumber('--seed', values.seed, 0, 0xffff_ffff),
    out: values.out ?? null,
    isStored: values['no-store'] !== true,
  };
}

/** The hazards that a call speaks of, in the catalogue's order. Throws AppError `usage` for ids and groups that are not there. */
export function chosen<T extends Hazard>(call: DrillCall, catalogue: readonly T[], short: readonly T[]): T[] {
  const unknown = call.ids.find((id) => catalogue.every((hazard) => hazard.id !== id));
  if (unknown !== undefined) throw usage(`There is no hazard "${unknown}": scripts/drill list tells them.`);
  const groups = [...new Set(catalogue.map(({ group }) => group))];
  if (call.group !== null && !groups.includes(call.group as HazardGroup))
    throw usage(`There is no group "${call.group}". They are: ${groups.join(', ')}.`);
  if (call.verb === 'run') return catalogue.filter(({ id }) => call.ids.includes(id));
  return (call.isShort ? short : catalogue).filter(({ group }) => call.group === null || group === call.group);
}

function isVerb(word: string): word is DrillCall['verb'] {
  return ['list', 'run', 'all', 'help'].includes(word);
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw usage(`${name} ${text}: give a whole number from ${least} to ${most}.`);
}

function usage(problem: string): AppError {
  return new AppError('usage', `${problem}\n\n${USAGE}`);
}
