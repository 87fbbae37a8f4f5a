import { EXPORT_KINDS, type ExportKind, LEFT_OUT } from './export-kinds.ts';
import { SiteFile } from './export.ts';

/** The JSON Schema of configuration files, by which editors complete and check them. */
export function fileSchemaText(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration file of Regent',
    ...SiteFile,
  };
  return `${JSON.stringify(schema, null, 1)}\n`;
}

/** Tables of the operators' page: kinds of objects, and what no file has. */
export function kindTablesText(): string {
  const kinds = EXPORT_KINDS.map((kind) => row([code(kind.plural), ...cellsOf(kind)]));
  const left = Object.entries(LEFT_OUT).map(([noun, why]) => row([code(noun), why]));
  return [
    row(['kind', 'named by', 'other members', 'refers to', 'secrets']),
    row(['---', '---', '---', '---', '---']),
    ...kinds,
    '',
    row(['in no file', 'because']),
    row(['---', '---']),
    ...left,
    '',
  ].join('\n');
}

function cellsOf({ identity, members, refersTo, secrets }: ExportKind): string[] {
  const names = secrets.map(({ member, within }) => (within ? `${member}: ${within.join(', ')}` : member));
  const other = members.filter((member) => !identity.includes(member));
  return [identity.join(', '), other.join(', '), [...new Set(Object.values(refersTo))].join(', '), names.join('; ')];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
