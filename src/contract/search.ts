import Type, { type Static } from 'typebox';
import { oneOf, strict, text } from './base/common.ts';
import type { Declaration } from './base/declare.ts';
import { EVERYBODY, get } from './base/route-spec.ts';
import { type Declared, NOUNS } from './registry.ts';

/** Declared nouns that a search finds. */
type SearchedNoun = Extract<Declared, { readonly searched: readonly string[] }>;
export const SEARCHED_NOUNS: readonly (Declaration & { readonly noun: SearchedNoun['noun'] })[] = NOUNS.filter(
  (declaration): declaration is SearchedNoun => 'searched' in declaration,
);

/** What a search finds. */
export const SEARCH_KINDS = [
  'machine',
  'record',
  'domain',
  'reservation',
  'lease',
  'subnet',
  'vlan',
  'node',
  'rack',
  'user',
  ...SEARCHED_NOUNS.map(({ noun }) => noun),
] as const;
const SearchHit = strict({
  kind: oneOf(SEARCH_KINDS),
  ref: Type.String({ description: 'how calls name it' }),
  name: Type.String(),
  detail: Type.String(),
});
const SearchQuery = strict({
  q: text(100, 'part of a name, an address or a MAC'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'of each kind; 5 when left out' })),
});
const SearchAnswer = strict({ items: Type.Array(SearchHit, { maxItems: 500 }) });
export type SearchAnswer = Static<typeof SearchAnswer>;

/** The search of the site. */
export const SEARCH_ROUTES = {
  'search.list': get('/search', 'Find objects of all kinds by a part of their name, address or MAC', {
    roles: EVERYBODY,
    query: SearchQuery,
    response: SearchAnswer,
  }),
} as const;
