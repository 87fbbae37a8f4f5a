import { isRejected } from '../../../core/errors.ts';
import {
  classesAsked,
  classesMade,
  isKeaClass,
  kindOfScope,
  parseSnippet,
  type SnippetBody,
} from '../../../model/nouns/dhcp-snippet.ts';
import type { Finding } from '../../kit/contract.ts';
import type { DhcpDesired } from '../desired.ts';
import type { Snippet } from './desired.ts';
import { claimsOf } from './merge.ts';

/** What the snippets before have set, and the classes that there are. */
interface Found {
  readonly claims: Map<string, string>;
  readonly classes: Set<string>;
}

/**
 * What can be said of snippets in place without Kea: each alone is held back. Those for all clients come first, since they make the classes that
 * others ask for; of two that set the same thing the older one stands.
 */
export function lintSnippetParts(desired: DhcpDesired, ownClasses: readonly string[]): readonly Finding[] {
  const found: Found = { claims: new Map(), classes: new Set(ownClasses) };
  const all = (desired.snippets ?? []).map((snippet, index) => ({ snippet, part: `/snippets/${index}` }));
  const isGlobal = (item: { readonly snippet: Snippet }) => item.snippet.scope === 'global';
  return [...all.filter(isGlobal), ...all.filter((item) => !isGlobal(item))].flatMap(({ snippet, part }) => {
    const why = faultOf(snippet, found);
    if (why === null) return [];
    const subject = `snippet ${snippet.name}`;
    const sentence = `The snippet ${snippet.name} cannot be given to Kea: ${why}.`;
    return [{ code: 'snippet_unusable', severity: 'error', subject, sentence, part }];
  });
}

function faultOf(snippet: Snippet, { claims, classes }: Found): string | null {
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

function missingClass(snippet: Snippet, body: SnippetBody, classes: ReadonlySet<string>): string | undefined {
  return classesAsked(kindOfScope(snippet.scope), body).find((name) => !classes.has(name) && !isKeaClass(name));
}
