// Licences of the packages that a bundle has built in. Most of them ask that their text goes along with each copy.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = /^(.*\/node_modules\/)((?:@[^/]+\/)?[^/]+)/;
const LICENCE = /^(?:licen[cs]e|copying)(?:[.-].*)?$/i;
/** These have no file: their text stands at the end of their README. */
const README = /^readme(?:\..*)?$/i;

/** Folders of the packages that modules come from. */
export function packagesOf(moduleIds) {
  const found = moduleIds.flatMap((id) => {
    const [, modules, name] = PACKAGE.exec(id.replaceAll('\0', '')) ?? [];
    return name === undefined ? [] : [join(modules, name)];
  });
  return [...new Set(found)].sort((a, b) => (a < b ? -1 : 1));
}

/** Name, version, licence and its text for each package that modules come from. Throws if a package has none. */
export function licencesOf(moduleIds) {
  return packagesOf(moduleIds).map(licenceOf).join('\n----\n\n');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const names = readdirSync(folder);
  const file = names.find((one) => LICENCE.test(one));
  const text = file === undefined ? ofReadme(folder, names) : readFileSync(join(folder, file), 'utf8');
  if (license === undefined || text.trim() === '') throw new Error(`${folder} has no licence that could go along`);
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

function ofReadme(folder, names) {
  const file = names.find((one) => README.test(one));
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
  return /^#+ *licen[cs]e\b[^]*$/im.exec(text)?.[0] ?? '';
}
