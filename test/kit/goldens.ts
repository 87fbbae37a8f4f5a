import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileSite } from '../../src/services/compile-node.ts';
import type { AnyService, RenderedFile, Templates } from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { CASES, FACTS, GOLDEN_SECONDS } from './snapshots.ts';

/** Generation that the headers of all goldens show. */
const GENERATION = 7;

const TEMPLATES = fileURLToPath(new URL('../../templates/', import.meta.url));

/** The real template texts, read at once. */
export function goldenTemplates(): Templates {
  const paths = readdirSync(TEMPLATES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.hbs'));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(TEMPLATES, path), 'utf8')]));
}

/** A service of the registry by its name. */
export function serviceNamed(name: string): AnyService {
  const service = SERVICES.find((item) => item.name === name);
  if (!service) throw new Error(`there is no service ${name}`);
  return service;
}

/** Desired state of node n-r1 in a case, null: absent; an error fails, because the cases are all good configuration. */
export function desiredOf(name: string, caseName: string): Record<string, unknown> | null {
  const snapshot = CASES[caseName];
  if (!snapshot) throw new Error(`there is no case ${caseName}`);
  const node = compileSite(snapshot, [serviceNamed(name)], new Map(), GOLDEN_SECONDS).nodes.get('n-r1');
  const errors = node?.findings.filter((finding) => finding.severity === 'error') ?? [];
  if (errors.length > 0) throw new Error(errors.map((finding) => finding.sentence).join('\n'));
  const desired = node?.body.services[name]?.desired;
  if (desired === undefined) throw new Error(`${name} has no part in case ${caseName}`);
  return desired;
}

/** The rendered files of a case; none when the service is absent. */
export function renderedCase(name: string, caseName: string, templates: Templates): readonly RenderedFile[] {
  const context = { facts: FACTS, templates, generation: GENERATION };
  const desired = desiredOf(name, caseName);
  return desired === null ? [] : renderService(serviceNamed(name), desired, context);
}

/** Golden texts of a case by path below its folder: `desired.json` and the files under their real names. Secrets are masked as in differences. */
export function goldenFiles(name: string, caseName: string, templates: Templates): Readonly<Record<string, string>> {
  const service = serviceNamed(name);
  const { folder } = service;
  const given = desiredOf(name, caseName);
  const desired = given === null ? null : (service.mask?.(given) ?? given);
  const context = { facts: FACTS, templates, generation: GENERATION };
  const rendered = desired === null ? [] : renderService(service, desired, context);
  const files = rendered.map((file) => [file.target.slice(folder.length + 1), file.content]);
  return { 'desired.json': `${pretty(desired)}\n`, ...Object.fromEntries(files) };
}

/** JSON for reviewers: what holds no other list or object stands on one line. */
export function pretty(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isFlat = Object.values(value).every((member) => typeof member !== 'object' || member === null);
  if (isFlat) return JSON.stringify(value);
  const inner = `${indent}  `;
  const members = Object.entries(value).map(([name, member]) => {
    const label = Array.isArray(value) ? '' : `${JSON.stringify(name)}: `;
    return `${inner}${label}${pretty(member, inner)}`;
  });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${members.join(',\n')}\n${indent}${close}`;
}
