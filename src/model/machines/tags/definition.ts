import { invalid, isRejected, type Rejected } from '../../../core/errors.ts';
import type { Hardware } from './hardware.ts';
import { fits, type HardwareRule, parseRule, RULE_MAX } from './hardware-rule.ts';
import { lshwDocument } from './lshw.ts';
import { evaluate } from './xpath/evaluate.ts';
import { type Expression, parseXPath } from './xpath/parse.ts';
import type { XmlNode } from './xpath/node.ts';
import { type Budget, toBoolean } from './xpath/values.ts';
import { XPathError } from './xpath/tokens.ts';

/** When a machine has a tag: by a rule about its inventory, or by XPath over its hardware as `lshw -xml` shows it. */
export type TagDefinition =
  | { readonly kind: 'rule'; readonly rule: HardwareRule }
  | { readonly kind: 'xpath'; readonly expression: Expression };

/** What a definition may cost for one machine: nodes of the document that are visited. */
const COST_MAX = 100_000;
const XPATH_RULE =
  'XPath 1.0 over what lshw -xml shows of a machine, such as //node[@class="network"]/vendor[contains(., "Mellanox")]';

/** Parses a definition: a rule where it is one, else XPath. A refusal is about the language that it resembles. */
export function parseDefinition(text: string, field = 'definition'): TagDefinition | Rejected {
  const rule = parseRule(text, field);
  if (!isRejected(rule)) return { kind: 'rule', rule };
  if (text.length > RULE_MAX || !isLikeXPath(text)) return rule;
  try {
    return { kind: 'xpath', expression: parseXPath(text) };
  } catch (error) {
    if (!(error instanceof XPathError)) throw error;
    return invalid(field, error.message, XPATH_RULE);
  }
}

/** No rule has a slash, an @ or a call outside of its quotes. */
function isLikeXPath(text: string): boolean {
  const bare = text.replaceAll(/"[^"]*"?|'[^']*'?/g, '""');
  return /[/@[\]|*$]|::|\.\.|(?:^|[^\w.-])(?!(?:and|or|not)\b)[a-z][a-z-]*\s*\(/.test(bare);
}

/** A machine as definitions examine it. `document`: its hardware as XPath sees it, made when the first definition wants it, once for all. */
export type TagSubject = { readonly machine: string; readonly hardware: Hardware; readonly document: () => XmlNode };

/** Makes one of what the machine has reported. */
export function subjectOf(machine: string, hardware: Hardware): TagSubject {
  let made: XmlNode | null = null;
  return { machine, hardware, document: () => (made ??= lshwDocument(hardware)) };
}

/** Asks whether machines have a tag. */
export interface TagMatcher {
  /** Refused: the hardware of this machine takes too long to examine, or the definition does not apply to it. */
  has(subject: TagSubject): boolean | Rejected;
}

/** Makes one of a definition. Pure. */
export function createTagMatcher(definition: TagDefinition): TagMatcher {
  if (definition.kind === 'rule') return { has: ({ hardware }) => fits(definition.rule, hardware) };
  return {
    has({ machine, document }) {
      const budget: Budget = { left: COST_MAX };
      try {
        return toBoolean(evaluate(definition.expression, document(), budget));
      } catch (error) {
        if (!(error instanceof XPathError)) throw error;
        const why = budget.left < 0 ? `it visits more than ${COST_MAX} nodes` : error.message;
        return invalid('definition', `for the hardware of ${machine}, ${why}`, XPATH_RULE);
      }
    },
  };
}
