import { invalid, isRejected, type Rejected, rejected, show } from '../../../core/errors.ts';
import { DEFAULT_TAG, type Script, type ScriptPurpose } from './script.ts';
import { fillParameters, type ParameterValues } from './script-parameter.ts';

/** The scripts that a request selects for a run. `scripts`, `skip`: names or tags; `scripts` left out: the usual ones. `parameters`: values by script. */
export interface ScriptSelection {
  readonly scripts?: readonly string[];
  readonly skip?: readonly string[];
  readonly parameters?: Readonly<Record<string, ParameterValues>>;
}

/** A script of a run and the values of its parameters. */
export type ChosenScript = { readonly script: Script; readonly values: ParameterValues };

/** Tag of the scripts of the release. */
const BUILT_IN_TAG = 'built-in';
/** Chooses nothing, where at least one is to be named. */
const NONE = 'none';

/**
 * Chooses the scripts of a run. Commissioning has those of the release, and of the site those that are named, else those with the tag `default`; a test has
 * those that are named, else those with that tag; an installation has all. What destroys data in others runs only when it is named itself. The order: the release's first, then by name.
 * Refused: a name that is nobody's, a parameter of a script that does not run, a test of nothing. Pure.
 */
export function chooseScripts(
  all: readonly Script[],
  purpose: ScriptPurpose,
  selection: ScriptSelection,
): ChosenScript[] | Rejected {
  const known = all.filter((script) => script.purpose === purpose);
  const named = selection.scripts?.filter((name) => name !== NONE);
  for (const [field, names] of Object.entries({ scripts: named ?? [], skip: selection.skip ?? [] })) {
    const wrong = names.find((name) => !known.some((script) => isCalled(script, name)));
    if (wrong !== undefined) return unknown(field, wrong, { all, known, purpose });
  }
  const chosen = known
    .filter((script) => isWanted(script, named) && !(selection.skip ?? []).some((name) => isCalled(script, name)))
    .sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
  const idle = Object.keys(selection.parameters ?? {}).find((name) => !chosen.some((script) => script.name === name));
  if (idle !== undefined)
    return invalid('parameters', `${show(idle)} does not run`, `one of ${chosen.map(({ name }) => name).join(', ')}`);
  if (purpose === 'testing' && chosen.length === 0)
    return rejected('conflict', `There is no test to run. Rule: name tests, or give some the tag ${DEFAULT_TAG}.`);
  const filled: ChosenScript[] = [];
  for (const script of chosen) {
    const given = selection.parameters ?? {};
    const values = fillParameters(script, Object.hasOwn(given, script.name) ? (given[script.name] ?? {}) : {});
    if (isRejected(values)) return values;
    filled.push({ script, values });
  }
  return filled;
}

function isWanted(script: Script, named: readonly string[] | undefined): boolean {
  const { name, tags, purpose, destructive } = script;
  // They are steps of one work: none of them is a choice.
  if (purpose === 'deploying') return true;
  if (named?.includes(name)) return true;
  if (destructive) return false;
  if (purpose === 'commissioning' && tags.includes(BUILT_IN_TAG)) return true;
  return named === undefined ? tags.includes(DEFAULT_TAG) : named.some((tag) => tags.includes(tag));
}

const isCalled = ({ name, tags }: Script, called: string): boolean => name === called || tags.includes(called);

const rank = ({ tags }: Script): number => (tags.includes(BUILT_IN_TAG) ? 0 : 1);

interface Knowledge {
  readonly all: readonly Script[];
  readonly known: readonly Script[];
  readonly purpose: ScriptPurpose;
}

function unknown(field: string, name: string, { all, known, purpose }: Knowledge): Rejected {
  const other = all.find((script) => script.name === name);
  if (other !== undefined)
    return invalid(field, `${name} is a script of ${other.purpose}`, `scripts of ${purpose} in a run of ${purpose}`);
  const names = known.map((script) => script.name).sort();
  const some = names.length > 20 ? `${names.slice(0, 20).join(', ')} …` : names.join(', ');
  return invalid(
    field,
    `there is no script or tag ${show(name)} of ${purpose}`,
    names.length === 0 ? 'there is none' : `one of ${some}, or a tag of theirs`,
  );
}
