import { parseArgs } from 'node:util';
import { AppError } from '../../core/errors.ts';
import { COMPARED } from '../hazards/compared.ts';
import type { Hazard, HazardGroup } from '../hazards/hazard.ts';

/** What `scripts/drill help` prints. */
export const USAGE = `scripts/drill VERB: failovers rehearsed and measured in a lab (scripts/up). REGENT_LAB names the instance (default: lab).

  list                           the hazards: id, group, what is done
  run ID…                        play these
  all                            play them all
  baseline [ID…]                 play these (default: those that compare) with our settings, then with the engines' stock settings
  random                         hazards at random for a while, the next one while the last one is got over, with more load
  table                          the headline table of all stored runs of one build

  --rounds N                     how often each (default 1; a 95th percentile needs 30)
  --clients N                    of run, all, baseline: so many machines on each VLAN hold leases, ten of all are real clients; as many new
                                 ones, 150 at most, are switched on together after the fault and after the heal (0 to 190)
  --maas                         of run, all, baseline: probes use the MAAS API, too, with OAuth: reads, and changes that may be repeated
  --group G                      of \`all\`: host, process, hang, network, disk, planned, double or noise
  --short                        of \`all\`: one of each group, of the short ones
  --stock-only                   of \`baseline\`: nothing with our settings
  --minutes M                    of \`random\`: for how long hazards are started (default 30)
  --since DATE, --build VERSION  of \`table\`: runs since then (2026-11-20, or with a time, UTC); of this build (default: the newest run's)
  --keep FOLDER                  of \`table\`: its runs are written there as well, without recordings: \`table --out FOLDER\` reads them
  --seed S                       the same phases and victims again; for one ID and one round: that very round
  --out FOLDER                   where the report goes (default: .regent/drills/<date>); of \`table\`: the folder of the runs
  --no-store                     the rounds are not stored in the cluster's history
`;

/** A command line of scripts/drill, understood. */
export interface DrillCall {
  readonly verb: DrillVerb;
  readonly ids: readonly string[];
  readonly rounds: number;
  readonly group: string | null;
  readonly isShort: boolean;
  readonly isStockOnly: boolean;
  readonly minutes: number;
  /** ISO 8601; null: all runs. */
  readonly since: string | null;
  /** Null: that of the newest run. */
  readonly build: string | null;
  /** Null: nowhere. */
  readonly keep: string | null;
  /** Null: any. */
  readonly seed: number | null;
  readonly out: string | null;
  readonly isStored: boolean;
  /** Machines that hold leases on each VLAN; 0: none. */
  readonly clients: number;
  /** Do probes also use the MAAS API? */
  readonly asksMaas: boolean;
}

const VERBS = ['list', 'run', 'all', 'baseline', 'random', 'table', 'help'] as const;
type DrillVerb = (typeof VERBS)[number];
/** Verbs that play single hazards. */
const PLAYING: readonly DrillVerb[] = ['run', 'all', 'baseline'];

/** Options of only one verb. */
const OWN: readonly (readonly [DrillVerb, readonly string[]])[] = [
  ['all', ['group', 'short']],
  ['baseline', ['stock-only']],
  ['random', ['minutes']],
  ['table', ['since', 'build', 'keep']],
];
const MOST_MINUTES = 24 * 60;
const MOST_ROUNDS = 1000;
/** What the pools that a drill makes have room for, beside those that arrive. */
const MOST_CLIENTS = 190;

/** Reads a command line. Throws AppError `usage`, or parseArgs' own error with its text. */
export function parseDrillCall(commandLine: readonly string[]): DrillCall {
  const { values, positionals } = parseArgs({
    args: [...commandLine],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      clients: { type: 'string' },
      maas: { type: 'boolean' },
      group: { type: 'string' },
      short: { type: 'boolean' },
      'stock-only': { type: 'boolean' },
      minutes: { type: 'string' },
      since: { type: 'string' },
      build: { type: 'string' },
      keep: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string' },
      'no-store': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [verb = 'help', ...ids] = values.help === true ? ['help'] : positionals;
  if (!isVerb(verb)) throw usage(`There is no verb "${verb}".`);
  if (verb === 'run' && ids.length === 0) throw usage('run: name a hazard.');
  if (verb !== 'run' && verb !== 'baseline' && ids.length > 0) throw usage(`${verb} takes no names.`);
  const given = new Set(Object.keys(values));
  for (const name of ['clients', 'maas'])
    if (given.has(name) && !PLAYING.includes(verb)) throw usage(`--${name} is of ${PLAYING.join(', ')}.`);
  for (const [owner, names] of OWN) {
    const stray = verb === owner ? undefined : names.find((name) => given.has(name));
    if (stray !== undefined) throw usage(`--${stray} belongs to \`${owner}\`.`);
  }
  return {
    verb,
    ids,
    rounds: wholeNumber('--rounds', values.rounds ?? '1', 1, MOST_ROUNDS),
    group: values.group ?? null,
    isShort: values.short === true,
    isStockOnly: values['stock-only'] === true,
    minutes: wholeNumber('--minutes', values.minutes ?? '30', 1, MOST_MINUTES),
    since: values.since === undefined ? null : moment('--since', values.since),
    build: values.build ?? null,
    keep: values.keep ?? null,
    seed: values.seed === undefined ? null : wholeNumber('--seed', values.seed, 0, 0xffff_ffff),
    out: values.out ?? null,
    isStored: values['no-store'] !== true,
    asksMaas: values.maas === true,
    clients: wholeNumber('--clients', values.clients ?? '0', 0, MOST_CLIENTS),
  };
}

/** The hazards that a call speaks of, in the catalogue's order. Throws AppError `usage` for ids and groups that are not there. */
export function chosen<T extends Hazard>(call: DrillCall, catalogue: readonly T[], short: readonly T[]): T[] {
  const unknown = call.ids.find((id) => catalogue.every((hazard) => hazard.id !== id));
  if (unknown !== undefined) throw usage(`There is no hazard "${unknown}": scripts/drill list shows them.`);
  const groups = [...new Set(catalogue.map(({ group }) => group))];
  if (call.group !== null && !groups.includes(call.group as HazardGroup))
    throw usage(`There is no group "${call.group}". They are: ${groups.join(', ')}.`);
  const ids = call.verb === 'baseline' && call.ids.length === 0 ? COMPARED : call.ids;
  if (call.verb === 'run' || call.verb === 'baseline') return catalogue.filter(({ id }) => ids.includes(id));
  return (call.isShort ? short : catalogue).filter(({ group }) => call.group === null || group === call.group);
}

const isVerb = (name: string): name is DrillVerb => VERBS.some((verb) => verb === name);

function moment(name: string, text: string): string {
  const time = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && Number.isFinite(time)) return new Date(time).toISOString();
  throw usage(`${name} ${text}: give a date as 2026-11-20, or with a time as 2026-11-20T22:15:00Z.`);
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw usage(`${name} ${text}: give a whole number from ${least} to ${most}.`);
}

function usage(problem: string): AppError {
  return new AppError('usage', `${problem}\n\n${USAGE}`);
}
