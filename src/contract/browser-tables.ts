import type { TSchema } from 'typebox';
import type { Declaration } from './base/declare.ts';
import { NOUNS } from './registry.ts';
import { ROUTES, type RouteSpec } from './routes.ts';

/** The browser's table of calls, as a module: it needs no schema, which would be four fifths of its program. */
export function callTableText(): string {
  const rows = Object.entries(ROUTES)
    .map(([id, { method, path }]: [string, RouteSpec]) => {
      const name = /^\w+$/.test(id) ? id : `'${id}'`;
      return `  ${name}: '${method} ${path}',`;
    })
    .sort();
  return `/** Calls of API v1. \`npm run openapi\` writes this file from the table of calls (src/contract/routes.ts). */
export const CALLS = {
${rows.join('\n')}
} as const;
`;
}

/** Declared nouns with a page in the catalog. */
const PAGES = NOUNS.filter((declaration: Declaration) => declaration.page !== undefined);

/** Nouns whose forms the browser makes from their schemas, with members that no form has: values that tools keep. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  device: ['annotations'],
  domain: [],
  reservation: [],
  script: [],
  subnet: [],
  vlan: [],
  ...Object.fromEntries(PAGES.map(({ noun }) => [noun, []])),
};
/** Texts that have a field of several lines. */
const AREAS = ['content', 'definition', 'description', 'signingKey'];

/** Members of nouns that are not declared, and the noun that each of them names. A declared noun says it itself. */
const NAMED: Readonly<Record<string, string>> = {
  domain: 'domain',
  fabric: 'fabric',
  machine: 'machine',
  parent: 'machine',
  pool: 'resource-pool',
  primaryRack: 'rack',
  rack: 'rack',
  relayVlan: 'vlan',
  secondaryRack: 'rack',
  space: 'space',
  subnet: 'subnet',
  tags: 'tag',
  transferKey: 'tsig-key',
  vlan: 'vlan',
  zone: 'zone',
};
/** What flags of nouns that are not declared are where nobody sets them: the defaults of their columns. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  domain: { authoritative: true, leaseNames: false },
  subnet: { dnsOn: true, managed: true, proxyOn: true },
  vlan: { dhcpOn: false, dnsOn: true, enlistOn: true },
};
/** Nouns that only forms with a page of their own name. */
const ELSEWHERE = ['bmc', 'image', 'user'];

/** What of a schema a form needs. */
interface Plain {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Plain[];
  readonly items?: Plain;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
}

/** What the forms of a noun ask for, and what its list shows, as a module. */
export function nounTableText(): string {
  const forms = Object.entries(FORMS).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const rows = forms.map(([noun, left]) => {
    const [create, set, show] = ['create', 'set', 'show'].map((verb) => routeOf(`${noun}.${verb}`));
    const param = /\{(\w+)\}$/.exec(show?.path ?? '')?.[1];
    const [made, changed] = [create?.body as Plain, set?.body as Plain];
    const names = [...new Set([...Object.keys(made.properties ?? {}), ...Object.keys(changed.properties ?? {})])];
    const fields = names
      .filter((name) => !left.includes(name))
      .map((name) => {
        const [one, other] = [made.properties?.[name], changed.properties?.[name]] as (Plain | undefined)[];
        const field = {
          ...fieldOf(name, one ?? other ?? {}, other),
          ...referenceOf(noun, name),
          ...defaultOf(noun, name),
        };
        const verbs = one === undefined ? { only: 'set' } : other === undefined ? { only: 'create' } : {};
        return { ...field, ...((made.required ?? []).includes(name) ? { isRequired: true } : {}), ...verbs };
      });
    const columns = columnsOf(show?.response as Plain);
    const lines = fields.map((field) => `      ${JSON.stringify(field)},`).join('\n');
    return `  ${JSON.stringify(noun)}: {\n    param: ${JSON.stringify(param)},\n    columns: ${JSON.stringify(columns)},\n    fields: [\n${lines}\n    ],\n  },`;
  });
  return `/* Forms of nouns. \`npm run openapi\` writes this file from their schemas (src/contract/browser-tables.ts). */
export const NOUN_TABLE = {
${rows.join('\n')}
} as const;

/** How an object of a noun is found: its part of a path, and the filter of its list by a part of its name, if any. */
export const REFERENCES = {
${referencesText()}
} as const;
`;
}

/** The noun that a member names. A script's tags are none of the site's. */
function referenceOf(noun: string, name: string): { readonly refersTo?: string } {
  const declaration = NOUNS.find((known: Declaration) => known.noun === noun) as Declaration | undefined;
  const refersTo = declaration === undefined ? noun !== 'script' && NAMED[name] : declaration.fields[name]?.refersTo;
  return typeof refersTo === 'string' ? { refersTo } : {};
}

function defaultOf(noun: string, name: string): { readonly isOn?: boolean } {
  const isOn = DEFAULTS[noun]?.[name];
  return isOn === undefined ? {} : { isOn };
}

function referencesText(): string {
  const declared = NOUNS.flatMap(({ fields }: Declaration) => Object.values(fields).map(({ refersTo }) => refersTo));
  const nouns = [...new Set([...declared, ...Object.values(NAMED), ...ELSEWHERE])].filter((noun) => noun !== undefined);
  return nouns
    .toSorted()
    .map((noun) => {
      const query = (routeOf(`${noun}.list`)?.query as Plain | undefined)?.properties ?? {};
      const by = Object.entries(query).find(([, { description }]: [string, Plain]) =>
        description?.startsWith('part of'),
      );
      const param = /\{(\w+)\}$/.exec(routeOf(`${noun}.show`)?.path ?? '')?.[1];
      return `  ${JSON.stringify(noun)}: ${JSON.stringify({ param, ...(by === undefined ? {} : { by: by[0] }) })},`;
    })
    .join('\n');
}

/** Their pages in the catalog, as a module of its own: the first page of the web UI names them, and has no forms. */
export function nounPagesText(): string {
  return `/* Pages of nouns. \`npm run openapi\` writes this file from their declarations (src/contract/browser-tables.ts). */
export const NOUN_PAGES = {
${PAGES.map(pageLine).join('\n')}
} as const;
`;
}

function pageLine({ noun, page }: Declaration): string {
  const { title = '', one = noun.replaceAll('-', ' '), text = '' } = page ?? {};
  return `  ${JSON.stringify(noun)}: ${JSON.stringify({ title, one, text })},`;
}

const routeOf = (id: string): RouteSpec | undefined => (ROUTES as Readonly<Record<string, RouteSpec>>)[id];

function fieldOf(name: string, schema: Plain, inSet: Plain | undefined): object {
  const isNullable = (plain?: Plain) => plain?.anyOf?.some(({ type }) => type === 'null') === true;
  const plain = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  const help = plain.description ?? schema.description;
  return {
    name,
    kind: kindOf(name, plain),
    ...(help === undefined ? {} : { help }),
    ...(plain.enum === undefined ? {} : { values: plain.enum }),
    ...(isNullable(schema) || isNullable(inSet) ? { isNullable: true } : {}),
  };
}

function kindOf(name: string, plain: Plain): string {
  if (plain.enum !== undefined) return 'choice';
  if (name === 'secret') return 'password';
  if (name === 'interfaces') return 'cards';
  if (plain.type === 'boolean') return 'flag';
  if (plain.type === 'integer') return 'number';
  if (plain.type === 'string') return AREAS.includes(name) ? 'area' : 'text';
  return plain.type === 'array' && plain.items?.type === 'string' ? 'list' : 'json';
}

/** Members that a list has room for: short ones. */
function columnsOf(answer: Plain): readonly string[] {
  const short = (plain: Plain): boolean =>
    plain.anyOf?.some(short) === true ||
    ['string', 'integer', 'boolean'].includes(plain.type ?? '') ||
    (plain.type === 'array' && plain.items?.type === 'string');
  return Object.entries(answer.properties ?? {})
    .filter(
      ([name, schema]) =>
        short(schema as Plain) && !/^id$|Id$|^content$|^secret$|^signingKey$|^description$/.test(name),
    )
    .map(([name]) => name);
}
