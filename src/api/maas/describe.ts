import { createHash } from 'node:crypto';
import { stableJson } from '../../core/stable-json.ts';
import type { Operation, Parameter, ParameterType, Resource } from './catalog/base/parse.ts';
import { RESOURCES } from './catalog/table.ts';
import meanings from './catalog/base/parameter-meanings.json' with { type: 'json' };
import { MAAS_PREFIX } from './prefix.ts';

interface DescribedAction {
  readonly name: string;
  readonly method: string;
  readonly op: string | null;
  readonly restful: boolean;
  readonly doc: string;
}
interface DescribedHandler {
  readonly name: string;
  readonly doc: string;
  readonly path: string;
  readonly params: readonly string[];
  readonly uri: string;
  readonly actions: readonly DescribedAction[];
}

const TYPE_MEANINGS: Readonly<Record<ParameterType, string>> = {
  text: 'a text',
  int: 'a whole number',
  bytes: 'bytes, such as 10G',
  float: 'a number',
  boolean: 'true or false',
  file: 'a file',
};

/** What the `maas` command takes as `name=value` stands in lines of their own after a blank line. */
function docOf({ title, parameters }: Pick<Operation, 'title' | 'parameters'>): string {
  if (parameters.length === 0) return title;
  return `${title}\n\n${parameters.map(lineOf).join('\n')}`;
}

/** A parameter without an entry is described by its type. */
const PARAMETER_MEANINGS: Readonly<Record<string, string>> = meanings;

function lineOf({ name, type, isRequired }: Parameter): string {
  const meaning = Object.hasOwn(PARAMETER_MEANINGS, name) ? (PARAMETER_MEANINGS[name] ?? '') : TYPE_MEANINGS[type];
  return `:param ${name}: ${meaning}${isRequired ? '. It is needed' : ''}.`;
}

function actionOf(operation: Operation): DescribedAction {
  const { name, method, op } = operation;
  return { name, method, op, restful: op === null, doc: docOf(operation) };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);

/** A handler; `uri` gets the base in front of it. */
function handlerOf(resource: Resource, name: string, operations: readonly Operation[]): DescribedHandler {
  const { path, params, about } = resource;
  const uri = `${MAAS_PREFIX}/${path}`;
  return { name, doc: about, path: uri, params, uri, actions: operations.map(actionOf).sort(byName) };
}

function anonymousHandler(resource: Resource): DescribedHandler | null {
  if (resource.name === 'Version') return handlerOf(resource, 'VersionHandler', resource.operations);
  if (resource.anonymous === null) return null;
  // Racks, region nodes and devices answer who has no key by the handler of nodes.
  const owner = resource.anonymous === 'AnonNodesHandler' ? RESOURCES.find(({ name }) => name === 'Nodes') : resource;
  const operations = resource.operations.filter(({ isAnonymous }) => isAnonymous);
  return handlerOf(owner ?? resource, resource.anonymous, operations);
}

/** The document without addresses: the same on every region, for a release. */
function document(): { readonly doc: string; readonly resources: readonly DescribedResource[] } {
  const resources = RESOURCES.filter(({ isHidden }) => !isHidden).map((resource) => ({
    name: `${resource.name}Handler`,
    anon: anonymousHandler(resource),
    auth: resource.name === 'Version' ? null : handlerOf(resource, `${resource.name}Handler`, resource.operations),
  }));
  return { doc: 'The MAAS API 2.0 as Regent serves it.', resources: resources.sort(byName) };
}
interface DescribedResource {
  readonly name: string;
  readonly anon: DescribedHandler | null;
  readonly auth: DescribedHandler | null;
}

/** So many documents are cached: one for each address by which clients call us. */
const BASES_MAX = 8;

/** What clients build themselves from. `hash`: of the document without addresses. */
export interface Description {
  readonly hash: string;
  /** The document in JSON for who calls us by this scheme and host. */
  textFor(base: string): string;
}

/** Makes the description, once for a process. */
export function createDescription(): Description {
  const { doc, resources } = document();
  const hash = createHash('sha256').update(stableJson({ doc, resources })).digest('hex').slice(0, 40);
  const texts = new Map<string, string>();
  return {
    hash,
    textFor(base) {
      const known = texts.get(base);
      if (known !== undefined) return known;
      const at = (handler: DescribedHandler | null) => (handler ? { ...handler, uri: base + handler.uri } : null);
      const placed = resources.map(({ name, anon, auth }) => ({ name, anon: at(anon), auth: at(auth) }));
      const some = (handlers: readonly (DescribedHandler | null)[]) => handlers.filter((handler) => handler !== null);
      const anonymous = new Map(some(placed.map(({ anon }) => anon)).map((handler) => [handler.name, handler]));
      const handlers = [...anonymous.values(), ...some(placed.map(({ auth }) => auth))];
      const text = JSON.stringify({ doc, hash, resources: placed, handlers });
      const oldest = texts.keys().next();
      if (texts.size >= BASES_MAX && !oldest.done) texts.delete(oldest.value);
      texts.set(base, text);
      return text;
    },
  };
}
