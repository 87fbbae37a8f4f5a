/** What a value of JSON may be. Members of an object may be missing, none may be there besides. */
export type JsonRule =
  | { readonly kind: 'text'; readonly max: number; readonly pattern?: RegExp }
  | { readonly kind: 'whole'; readonly least: number; readonly most: number }
  | { readonly kind: 'fraction' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'exactly'; readonly value: unknown }
  | { readonly kind: 'oneOf'; readonly rules: readonly JsonRule[] }
  | { readonly kind: 'list'; readonly of: JsonRule; readonly max: number }
  | { readonly kind: 'object'; readonly members: Readonly<Record<string, JsonRule>> };

/** A text that matches a pattern as a whole. */
export function textRule(pattern: string, max: number): JsonRule {
  return { kind: 'text', max, pattern: new RegExp(`^(?:${pattern})$`, 'u') };
}

/** Where a value breaks its rule, such as `/Dhcp4/loggers/0`; null: it does not. */
export function firstForeignMember(value: unknown, rule: JsonRule, path = ''): string | null {
  const judge = (fits: boolean) => (fits ? null : path || '/');
  switch (rule.kind) {
    case 'text':
      return judge(
        typeof value === 'string' &&
          value.length <= rule.max &&
          /^[ -~]*$/.test(value) &&
          (rule.pattern?.test(value) ?? true),
      );
    case 'whole':
      return judge(typeof value === 'number' && Number.isInteger(value) && value >= rule.least && value <= rule.most);
    case 'fraction':
      return judge(typeof value === 'number' && value > 0 && value < 1);
    case 'flag':
      return judge(typeof value === 'boolean');
    case 'exactly':
      return judge(JSON.stringify(value) === JSON.stringify(rule.value));
    case 'oneOf':
      return judge(rule.rules.some((one) => firstForeignMember(value, one, path) === null));
    case 'list':
      if (!Array.isArray(value) || value.length > rule.max) return judge(false);
      return firstOf(value.entries(), (item) => ({ item, of: rule.of }), path);
    case 'object':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return judge(false);
      return firstOf(
        Object.entries(value),
        (item, name) => ({ item, of: Object.hasOwn(rule.members, name) ? rule.members[name] : undefined }),
        path,
      );
  }
}

function firstOf<K extends string | number>(
  entries: Iterable<readonly [K, unknown]>,
  ruleOf: (item: unknown, key: K) => { readonly item: unknown; readonly of: JsonRule | undefined },
  path: string,
): string | null {
  for (const [key, value] of entries) {
    // A name that is none of ours is not shown.
    const { item, of } = ruleOf(value, key);
    if (of === undefined) return path || '/';
    const found = firstForeignMember(item, of, `${path}/${key}`);
    if (found !== null) return found;
  }
  return null;
}

const TAG = /\{\{(?:json )?([A-Za-z]+)\}\}/g;
const HOLE = '\u0001';

/** The rule of a template of JSON without blocks: its own values as they are, and `values` where it has a name. Throws if a name has no rule. */
export function jsonTemplateRule(text: string, values: Readonly<Record<string, JsonRule>>): JsonRule {
  const tree: unknown = JSON.parse(text.replaceAll(TAG, (_, name: string) => JSON.stringify(`${HOLE}${name}`)));
  const used = new Set<string>();
  const rule = ruleOf(tree, (name) => {
    used.add(name);
    const known = Object.hasOwn(values, name) ? values[name] : undefined;
    if (known === undefined) throw new TypeError(`the value ${name} of the template has no rule in its grammar`);
    return known;
  });
  const spare = Object.keys(values).filter((name) => !used.has(name));
  if (spare.length > 0) throw new TypeError(`the template has no value ${spare.join(', ')}`);
  return rule;
}

function ruleOf(value: unknown, named: (name: string) => JsonRule): JsonRule {
  if (typeof value === 'string' && value.startsWith(HOLE)) return named(value.slice(HOLE.length));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'exactly', value };
  const members = Object.entries(value).map(([name, member]) => [name, ruleOf(member, named)] as const);
  return { kind: 'object', members: Object.fromEntries(members) };
}
