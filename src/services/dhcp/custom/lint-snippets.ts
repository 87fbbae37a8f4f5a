import { isRejected } from '../../../core/errors.ts';
import {
  findRequestedClasses,
  classesMade,
  isKeaClass,
  kindOfScope,
  parseSnippet,
  type SnippetBody,
} from '../../../model/networks/dhcp-snippet.ts';
import { isKeaOption } from '../../../model/networks/dhcp/dhcp-option-table.ts';
import type { Finding } from '../../kit/contract.ts';
import type { DhcpDesired } from '../desired.ts';
import type { Snippet } from './desired.ts';
import { claimsOf } from './merge.ts';

/** What the snippets before have set, and the classes that there are. */
interface SnippetClaims {
  readonly claims: Map<string, string>;
  readonly classes: Set<string>;
}

/**
 * Faults of snippets that can be found without Kea: each faulty snippet is held back by itself. Those for all clients come first, since they make the classes that
 * others request; of two that set the same thing the older one stands.
 */
export function lintSnippetParts(desired: DhcpDesired, ownClasses: readonly string[]): readonly Finding[] {
  const found: SnippetClaims = { claims: new Map(), classes: new Set(ownClasses) };
  const all = (desired.snippets ?? []).map((snippet, index) => ({ snippet, part: `/snippets/${index}` }));
  const defined = definedOptions(desired.snippets ?? []);
  const isGlobal = (item: { readonly snippet: Snippet }) => item.snippet.scope === 'global';
  return [...all.filter(isGlobal), ...all.filter((item) => !isGlobal(item))].flatMap(({ snippet, part }): Finding[] => {
    const why = faultOf(snippet, found);
    const subject = `snippet ${snippet.name}`;
    if (why === null) {
      const [name] = unknownOptions(snippet, defined);
      if (name === undefined) return [];
      const doubt = `Kea will refuse the snippet ${snippet.name}: Kea knows no option of the name ${name}. Rule: a name or a code that Kea knows, or an option-def in a snippet for all clients.`;
      return [{ code: 'snippet_option_unknown', severity: 'warning', subject, sentence: doubt }];
    }
    const sentence = `The snippet ${snippet.name} cannot be given to Kea: ${why}.`;
    return [{ code: 'snippet_unusable', severity: 'error', subject, sentence, part }];
  });
}

function faultOf(snippet: Snippet, { claims, classes }: SnippetClaims): string | null {
  const body = parseSnippet(snippet.scope, snippet.text);
  if (isRejected(body)) return body.message.replace(/\.$/, '');
  const own = claimsOf(body).map((claim) => ({ claim, key: `${snippet.scope} ${claim}` }));
  const twice = own.find(({ key }, index) => own.findIndex((other) => other.key === key) !== index);
  if (twice) return `it sets ${twice.claim} twice`;
  const taken = own.find(({ key }) => claims.has(key));
  if (taken) return `the snippet ${claims.get(taken.key)} of the same scope sets ${taken.claim}`;
  const missing = missingClass(snippet, body, classes);
  if (missing !== undefined) return `there is no client class ${missing}`;
  for (const { key } of own) claims.set(key, snippet.name);
  for (const name of kindOfScope(snippet.scope) === 'global' ? classesMade(body) : []) classes.add(name);
  return null;
}

/** Options of a text that are named and neither known to Kea nor defined. Of other spaces, and by code, Kea takes any. */
function unknownOptions({ scope, text }: Snippet, defined: ReadonlySet<string>): string[] {
  const body = parseSnippet(scope, text);
  if (isRejected(body)) return [];
  return [body, ...objectsIn(body['client-classes'])]
    .flatMap((one) =>
      [...objectsIn(one['option-data'])].filter(({ code, space }) => code === undefined && (space ?? SPACE) === SPACE),
    )
    .flatMap(({ name }) => (typeof name === 'string' && !isKeaOption(name) && !defined.has(name) ? [name] : []));
}

const SPACE = 'dhcp4';

function definedOptions(snippets: readonly Snippet[]): ReadonlySet<string> {
  const bodies = snippets.flatMap(({ scope, text }) => {
    const body = parseSnippet(scope, text);
    return isRejected(body) ? [] : [body];
  });
  const makers = bodies.flatMap((body) => [body, ...objectsIn(body['client-classes'])]);
  return new Set(makers.flatMap((one) => objectsIn(one['option-def']).map(({ name }) => String(name))));
}

function objectsIn(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'object' && item !== null) : [];
}

function missingClass(snippet: Snippet, body: SnippetBody, classes: ReadonlySet<string>): string | undefined {
  return findRequestedClasses(kindOfScope(snippet.scope), body).find((name) => !classes.has(name) && !isKeaClass(name));
}
