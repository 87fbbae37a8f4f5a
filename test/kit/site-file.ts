import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFile } from '../../src/cli/files/yaml-file.ts';
import { EXPORT_KINDS } from '../../src/contract/export-kinds.ts';
import type { FileObject, SiteFile } from '../../src/contract/site/export-form.ts';

const PLURALS = EXPORT_KINDS.map(({ plural }) => plural);

/** The content of a file, by the reader of the command line. Secrets stay references. */
export function siteOf(text: string): SiteFile {
  const { objects, problems } = parseFile('site.yaml', text, PLURALS);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const lists: Record<string, FileObject[]> = {};
  for (const { plural, members } of objects) (lists[plural] ??= []).push(members);
  return lists as SiteFile;
}

/** The example of the operators' page. */
export function exampleText(): string {
  const page = readFileSync(join(import.meta.dirname, '../../docs/configuration-files.md'), 'utf8');
  const text = /```yaml\n([\s\S]*?)```/.exec(page)?.[1];
  if (text === undefined) throw new Error('the page has no example');
  return text;
}
