import { UNFELT } from '../../../src/drills/hazards/expect.ts';
import type { Hazard } from '../../../src/drills/hazards/hazard.ts';

/** A line of the hazard table, as far as the catalogue knows it. */
export interface Row {
  readonly hazard: string;
  readonly deadline: string;
  /** Sorted. */
  readonly drills: readonly string[];
}

const ALWAYS = ['lookup', 'dhcp'];

/** The lines that the table must have: one for each `row`, in the catalogue's order. */
export function rowsOf(catalogue: readonly Hazard[]): Row[] {
  const names = [...new Set(catalogue.map(({ row }) => row))];
  return names.map((hazard) => {
    const hazards = catalogue.filter(({ row }) => row === hazard);
    return { hazard, deadline: deadlineOf(hazards), drills: hazards.map(({ id }) => id).toSorted() };
  });
}

/** `calls 4 s, 5 s; VIP 1 s; no call fails`. DNS is told where it is not what nobody should feel. */
function deadlineOf(hazards: readonly Hazard[]): string {
  const expects = hazards.flatMap((hazard) => hazard.expects).filter(({ probe }) => !ALWAYS.includes(probe));
  const times = (probe: string) => {
    const values = expects.flatMap((item) => (item.probe === probe ? (item.withinMs ?? []) : []));
    return [...new Set(values)]
      .filter((ms) => probe !== 'dns' || ms !== UNFELT.dns)
      .toSorted((a, b) => a - b)
      .map((ms) => `${ms / 1000} s`)
      .join(', ');
  };
  const [writes, reads] = [times('write'), times('read')];
  const isSame = writes === reads;
  const said: [string, string][] = [
    [isSame ? 'calls' : 'writes', writes],
    ['reads', isSame ? '' : reads],
    ['VIP', times('vip')],
    ['DNS', times('dns')],
    ['proxy', times('proxy')],
  ];
  const parts = said.flatMap(([what, text]) => (text === '' ? [] : [`${what} ${text}`]));
  if (expects.some(({ failures }) => failures === 0)) parts.push('no call fails');
  return parts.join('; ');
}

/** The lines of a table with the columns `hazard`, `deadline` and `drill`, of a text in Markdown. `a-{b,c}` stands for two ids. */
export function rowsIn(markdown: string): Row[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  const header = cells.findIndex((row) => row.includes('drill'));
  const names = cells[header] ?? [];
  const cell = (row: readonly string[], name: string) => row[names.indexOf(name)] ?? '';
  return cells.slice(header + 2).map((row) => ({
    hazard: cell(row, 'hazard'),
    deadline: cell(row, 'deadline'),
    drills: [...cell(row, 'drill').matchAll(/`([^`]+)`/g)].flatMap(([, id = '']) => expanded(id)).toSorted(),
  }));
}

function expanded(id: string): string[] {
  const [whole, before = '', choices = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(id) ?? [];
  return whole === undefined ? [id] : choices.split(',').flatMap((choice) => expanded(`${before}${choice}${after}`));
}
