import { carriedBy } from '../../../contract/machines/carried.ts';
import type { Carrier } from '../../../contract/base/declare.ts';
import type { Call, OptionSpec } from '../../command-spec.ts';
import type { Column } from '../../format/output.ts';
import { option } from '../../values.ts';

/** Options for the objects that an object carries: `--tags a,b`. */
export function carriedOptions(carrier: Carrier): OptionSpec[] {
  return carriedBy(carrier).map(({ noun, plural, texts }) => ({
    flags: `--${plural} <names>`,
    help: `its ${plural} from then on, with commas, such as ${texts.example}; "none": no ${noun}`,
  }));
}

/** Filters of a list: `--tag a`. */
function carriedFilterOptions(carrier: Carrier): OptionSpec[] {
  return carriedBy(carrier).map(({ noun }) => ({
    flags: `--${noun} <${noun}>`,
    help: `only those with this ${noun}`,
  }));
}

/** Members of a body, from these options. */
export function carriedMembers(call: Call, carrier: Carrier): Record<string, string[]> {
  return Object.fromEntries(
    carriedBy(carrier).flatMap(({ plural }) => {
      const value = option(call, plural);
      if (value === undefined) return [];
      return [[plural, value === 'none' ? [] : value.split(',').map((name) => name.trim())] as const];
    }),
  );
}

/** Members of a list's query, from its filters. */
export function carriedFilter(call: Call, carrier: Carrier): Record<string, string> {
  return Object.fromEntries(
    carriedBy(carrier).flatMap(({ noun }) => {
      const value = option(call, noun);
      return value === undefined ? [] : [[noun, value] as const];
    }),
  );
}

/** The filters of a list of machines. */
export const CARRIED_BY_MACHINES = {
  options: carriedFilterOptions('machine'),
  members: (call: Call) => carriedFilter(call, 'machine'),
};

/** Columns of carried objects, shown by `-o wide`. A region of an older release does not send them. */
export function carriedColumns(carrier: Carrier): Column<object>[] {
  return carriedBy(carrier).map(({ plural }) => ({
    header: plural,
    wide: true,
    value: (row) => namesIn(row, plural).join(', '),
  }));
}

/** Lines of `show`. */
export function carriedDetails(carrier: Carrier, row: object): [label: string, value: string][] {
  return carriedBy(carrier).map(({ plural }) => [
    plural.replace(/^./, (letter) => letter.toUpperCase()),
    namesIn(row, plural).join(', '),
  ]);
}

function namesIn(row: object, plural: string): string[] {
  const names: unknown = new Map<string, unknown>(Object.entries(row)).get(plural);
  return Array.isArray(names) ? names.map(String) : [];
}
