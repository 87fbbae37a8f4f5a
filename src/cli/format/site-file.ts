import type { FileObject, SiteFile } from '../../contract/site/export-form.ts';
import { yamlText } from './yaml.ts';

/** Where a release has the JSON Schema by which editors complete the file. */
export const SCHEMA_PATH = '/opt/regent/current/docs/site-file.schema.json';

const HEAD = `# yaml-language-server: $schema=${SCHEMA_PATH}\n`;

/** A configuration file as text: a list per kind, a line between two kinds. */
export function siteFileText(site: SiteFile): string {
  const kinds = Object.entries(site).flatMap(([plural, objects]) =>
    Array.isArray(objects) && objects.length > 0 ? [`\n${plural}:\n${objects.map(objectText).join('')}`] : [],
  );
  return `${HEAD}regent: ${site.regent ?? 1}\n${kinds.join('')}`;
}

function objectText(object: FileObject): string {
  const lines = yamlText(object, { hasBlocks: true }).replace(/\n$/, '').split('\n');
  return lines.map((line, index) => `${index === 0 ? '  - ' : line === '' ? '' : '    '}${line}\n`).join('');
}
