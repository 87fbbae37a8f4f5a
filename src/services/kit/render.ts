import { textDigest } from '../../core/stable-json.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { HostFacts } from '../../core/host-values.ts';
import { kindOf } from '../../core/node-identity.ts';
import { acceptDesired } from './accept.ts';
import type { AnyService, FileInstance, FileSpec, RenderedFile, Templates } from './contract.ts';
import { compileTemplate, type Template } from '../../template/handlebars.ts';
import { withHeader } from './header.ts';

const SAFE_TARGET = /^(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/;

/** Inputs of rendering beside the desired state. `generation` appears only in the files' headers. */
export type RenderContext = { readonly facts: HostFacts; readonly templates: Templates; readonly generation: number };

/**
 * Renders all files of a service from its desired state: schema, view, guard, templates. Pure; region (preview) and agent use
 * the same. Throws an AppError `template` (or what the view throws) with a sentence; nothing is half rendered. Files come
 * in the order of the service's specs and their instances.
 */
export function renderService(service: AnyService, desired: unknown, context: RenderContext): readonly RenderedFile[] {
  acceptDesired(service, desired);
  const view: unknown = service.view(desired, context.facts);
  const files: RenderedFile[] = [];
  const targets = new Set<string>();
  for (const spec of service.files) {
    const instances = spec.instances(view);
    if (instances.length === 0) continue;
    const template = compileTemplate(...templateOf(kindOf(service.name), spec, context.templates));
    for (const instance of instances) {
      checkTarget(service, instance.target, targets);
      files.push(renderFile(spec, instance, renderBody(spec, template, instance), context.generation));
    }
  }
  return files;
}

function templateOf(service: string, spec: FileSpec<unknown>, templates: Templates): [string, string] {
  const name = `${service}/${spec.template}`;
  const text = Object.hasOwn(templates, name) ? templates[name] : undefined;
  if (text === undefined) throw new AppError('template', `templates/${name} is missing`);
  return [name, text];
}

function checkTarget(service: AnyService, target: string, seen: Set<string>): void {
  const isInside = SAFE_TARGET.test(target) && target.startsWith(`${service.folder}/`);
  if (!isInside)
    throw new AppError('template', `${target} is outside ${service.folder}, the folder of ${service.name}`);
  if (seen.has(target)) throw new AppError('template', `${target} is rendered twice`);
  seen.add(target);
}

function renderBody(spec: FileSpec<unknown>, template: Template, instance: { target: string; view: object }): string {
  const text = template(instance.view);
  if (spec.format !== 'json') return text;
  try {
    return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  } catch (error) {
    throw new AppError('template', `${instance.target} is not JSON: ${sentenceOf(error)}`);
  }
}

function renderFile(spec: FileSpec<unknown>, instance: FileInstance, body: string, generation: number): RenderedFile {
  const { mode, owner, group } = spec;
  const { target, isCopy } = instance;
  // JSON has no comments, so a JSON file has a header only if its daemon reads comments and the spec says so.
  const usual = spec.format === 'json' ? null : '#';
  const comment = spec.comment === undefined ? usual : spec.comment;
  const content = comment === null ? body : withHeader(body, comment, generation);
  return { target, content, digest: textDigest(body), mode, owner, group, ...(isCopy ? { isCopy } : {}) };
}
