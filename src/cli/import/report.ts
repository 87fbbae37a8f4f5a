import { formatCount } from '../../core/count-text.ts';
import { isRejected, type Rejected } from '../../core/errors.ts';

/** What became of an object that did not come as it was. `changed`: it comes, with a difference; `left-out`: it does not come. */
export interface ReportEntry {
  readonly kind: string;
  readonly name: string;
  readonly outcome: 'changed' | 'left-out';
  readonly why: string;
}

/** What an import takes and what it does not. */
export interface ImportReport {
  readonly source: string;
  readonly version: string;
  readonly madeAt: string;
  /** Objects that come along, by the plural of their kind. */
  readonly taken: Readonly<Record<string, number>>;
  readonly entries: readonly ReportEntry[];
  readonly next: readonly string[];
}

/** Collects what becomes of each object while a site is converted. */
export class ImportNotes {
  readonly entries: ReportEntry[] = [];

  changed(kind: string, name: string, why: string): void {
    this.entries.push({ kind, name, outcome: 'changed', why });
  }

  leftOut(kind: string, name: string, why: string): void {
    this.entries.push({ kind, name, outcome: 'left-out', why });
  }

  /** The value, if our grammar takes it; null: it does not, and the object is left out. */
  accept<T>(kind: string, name: string, value: T | Rejected): T | null {
    if (!isRejected(value)) return value;
    this.leftOut(kind, name, value.message.replace(/\.$/, ''));
    return null;
  }
}

/** Lines of one reason that are listed by name in the text; the JSON has all. */
const NAMES_MAX = 200;

/** The report as Markdown, for people. Pure. */
export function reportText({ source, version, madeAt, taken, entries, next }: ImportReport): string {
  const count = Object.entries(taken).map(([kind, number]) => `| ${kind} | ${number} |`);
  const parts = (['left-out', 'changed'] as const).map((outcome) => {
    const own = entries.filter((entry) => entry.outcome === outcome);
    const title = outcome === 'left-out' ? 'Does not come along' : 'Comes along with a difference';
    const groups = [...Map.groupBy(own, ({ kind, why }) => `${kind}\u0000${why}`).values()].map(groupText);
    return `## ${title}\n\n${groups.length === 0 ? 'Nothing.\n' : groups.join('\n')}`;
  });
  const steps = next.map((line, index) => `${index + 1}. ${line}`).join('\n');
  return [
    `# Import from ${cell(source)}`,
    `MAAS ${cell(version)}, read on ${madeAt}.`,
    `## Comes along\n\n| kind | objects |\n|---|---|\n${count.join('\n')}\n`,
    ...parts,
    `## What to do next\n\n${steps}\n`,
  ].join('\n\n');
}

function groupText(entries: readonly ReportEntry[]): string {
  const [first] = entries;
  const names = entries.slice(0, NAMES_MAX).map(({ name }) => cell(name));
  const more = entries.length > NAMES_MAX ? `, and ${entries.length - NAMES_MAX} more in report.json` : '';
  return `* **${cell(first?.kind ?? '')}** (${formatCount(entries.length, 'object')}): ${cell(first?.why ?? '')}.\n  ${names.join(', ')}${more}\n`;
}

/** Foreign text that makes neither lines nor tables. */
const cell = (text: string): string => text.replaceAll(/[\p{Cc}|<>]+/gu, ' ').slice(0, 300);
