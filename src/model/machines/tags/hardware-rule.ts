import { invalid, type Rejected, show } from '../../../core/errors.ts';

/** A parsed definition of a tag: when does a machine have it? */
export type HardwareRule =
  | { readonly kind: 'and' | 'or'; readonly rules: readonly HardwareRule[] }
  | { readonly kind: 'not'; readonly rule: HardwareRule }
  /** A member of the inventory, or any item of a list along the path. `operator` null: the member is there. */
  | {
      readonly kind: 'test';
      readonly path: readonly string[];
      readonly operator: Operator | null;
      readonly value: string | number | boolean;
    };

const OPERATORS = ['==', '!=', '<=', '>=', '<', '>', '~'] as const;
type Operator = (typeof OPERATORS)[number];

export const RULE_MAX = 1000;
const RULE =
  'comparisons of members of the inventory (== != < <= > >=, ~ "part of a text"), with and, or, not, ( ); such as memory.kb >= 16000000 and disks.model ~ "NVMe"; or XPath over what lshw -xml shows, such as //node[@class="display"]';
/** Comparisons and levels: a definition is evaluated for every machine. */
const TESTS_MAX = 50;
const DEPTH_MAX = 20;
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

class RuleProblem extends Error {}

type RuleReader = { readonly tokens: readonly string[]; at: number; tests: number };

/** Parses a rule. XPath, which MAAS has there, is another language (`definition.ts`). */
export function parseRule(text: string, field = 'definition'): HardwareRule | Rejected {
  if (text.length > RULE_MAX) return invalid(field, `it has ${text.length} characters`, `at most ${RULE_MAX}`);
  try {
    const reader = { tokens: tokenize(text), at: 0, tests: 0 };
    const rule = readOr(reader, 0);
    const rest = reader.tokens[reader.at];
    if (rest !== undefined) throw new RuleProblem(`${show(rest)} follows its end`);
    return rule;
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    return invalid(field, error.message, RULE);
  }
}

const TOKEN = /\s*(?:("[^"]*"|'[^']*')|(==|!=|<=|>=|[<>~()])|([A-Za-z0-9][A-Za-z0-9_.-]*))/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    tokens.push(found[0].trim());
    end = TOKEN.lastIndex;
  }
  const rest = text.slice(end).trim();
  if (rest !== '') throw new RuleProblem(`${show(rest)} is not understood`);
  return tokens;
}

function readOr(reader: RuleReader, depth: number): HardwareRule {
  return readChain(reader, depth, { keyword: 'or', kind: 'or', inner: readAnd });
}

function readAnd(reader: RuleReader, depth: number): HardwareRule {
  return readChain(reader, depth, { keyword: 'and', kind: 'and', inner: readOne });
}

interface Chain {
  readonly keyword: string;
  readonly kind: 'and' | 'or';
  readonly inner: (reader: RuleReader, depth: number) => HardwareRule;
}

function readChain(reader: RuleReader, depth: number, { keyword, kind, inner }: Chain): HardwareRule {
  const first = inner(reader, depth);
  const rules = [first];
  while (reader.tokens[reader.at] === keyword) {
    reader.at += 1;
    rules.push(inner(reader, depth));
  }
  return rules.length === 1 ? first : { kind, rules };
}

function readOne(reader: RuleReader, depth: number): HardwareRule {
  if (depth > DEPTH_MAX) throw new RuleProblem(`it has more than ${DEPTH_MAX} levels`);
  const token = next(reader);
  if (token === 'not') return { kind: 'not', rule: readOne(reader, depth + 1) };
  if (token !== '(') return readTest(reader, token);
  const rule = readOr(reader, depth + 1);
  if (next(reader) !== ')') throw new RuleProblem('a ( has no )');
  return rule;
}

function readTest(reader: RuleReader, token: string): HardwareRule {
  if (!/^[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*){0,4}$/.test(token))
    throw new RuleProblem(`${show(token)} is not a member of the inventory`);
  reader.tests += 1;
  if (reader.tests > TESTS_MAX) throw new RuleProblem(`it has more than ${TESTS_MAX} comparisons`);
  const path = token.split('.');
  const operator = OPERATORS.find((one) => one === reader.tokens[reader.at]);
  if (operator === undefined) return { kind: 'test', path, operator: null, value: true };
  reader.at += 1;
  const value = valueOf(next(reader));
  const isOrder = operator.startsWith('<') || operator.startsWith('>');
  if (isOrder && typeof value !== 'number') throw new RuleProblem(`${operator} compares numbers`);
  if (operator === '~' && typeof value !== 'string') throw new RuleProblem('~ searches a text');
  return { kind: 'test', path, operator, value };
}

/** A number, with K, M, G or T for powers of 1024; true, false; else a text, which stands in quotes if it is more than one token. */
function valueOf(token: string): string | number | boolean {
  if (token.startsWith('"') || token.startsWith("'")) return token.slice(1, -1);
  const [, digits = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)$/.exec(token) ?? [];
  if (digits !== '') return Number(digits) * (UNITS[unit] ?? 1);
  if (token === 'true' || token === 'false') return token === 'true';
  if (OPERATORS.some((one) => one === token) || token === '(' || token === ')' || token === 'and' || token === 'or')
    throw new RuleProblem(`${show(token)} is not a value`);
  return token;
}

function next(reader: RuleReader): string {
  const token = reader.tokens[reader.at];
  if (token === undefined) throw new RuleProblem('it ends too early');
  reader.at += 1;
  return token;
}

/**
 * Does a machine's hardware fit? What it has not reported fits no comparison, `!=` neither; a list fits when any of its items does. Texts are compared without
 * regard to capital letters. Pure.
 */
export function fits(rule: HardwareRule, inventory: unknown): boolean {
  switch (rule.kind) {
    case 'and':
      return rule.rules.every((inner) => fits(inner, inventory));
    case 'or':
      return rule.rules.some((inner) => fits(inner, inventory));
    case 'not':
      return !fits(rule.rule, inventory);
    case 'test':
      return valuesAt(inventory, rule.path).some((value) => holds(value, rule.operator, rule.value));
  }
}

function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => valuesAt(item, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return valuesAt((value as Readonly<Record<string, unknown>>)[name], rest);
}

function holds(value: unknown, operator: Operator | null, wanted: string | number | boolean): boolean {
  if (operator === null) return value !== false && value !== 0 && value !== '' && value !== 'none';
  if (operator === '~') return typeof value === 'string' && lower(value).includes(lower(wanted));
  if (operator === '==' || operator === '!=') {
    const isSame = typeof value === 'string' ? lower(value) === lower(wanted) : value === wanted;
    return isSame === (operator === '==');
  }
  if (typeof value !== 'number' || typeof wanted !== 'number') return false;
  if (operator === '<') return value < wanted;
  if (operator === '<=') return value <= wanted;
  return operator === '>' ? value > wanted : value >= wanted;
}

const lower = (value: string | number | boolean): string => String(value).toLowerCase();
