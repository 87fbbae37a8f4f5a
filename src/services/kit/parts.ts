import { show } from '../../core/errors.ts';
import { validatorOf } from './accept.ts';
import type { AnyService, Finding, PartList } from './contract.ts';

/** A desired state without the elements that do not fit, and the findings about them. `lint`: lint's findings about the rest. */
export interface HeldParts {
  readonly desired: Record<string, unknown>;
  readonly findings: readonly Finding[];
  readonly lint: readonly Finding[];
}

/** `lint` is null if the schema did not fit, because lint did not run then. */
type Faults = { readonly faults: readonly PartFault[]; readonly lint: readonly Finding[] | null };

/** An element that does not fit: where it is, its list, and why. `finding`: lint's finding about it. */
interface PartFault {
  readonly at: readonly string[];
  readonly list: PartList;
  readonly why: string;
  readonly finding?: Finding;
}

/** A reported fault; `last`: what replaced its element. */
type HeldFault = { readonly fault: PartFault; readonly name: string; readonly last: unknown; hasLastContent: boolean };

/** Each pass removes at least one element or gives up. A pass finds many at once. */
const PASSES_MAX = 200;

/**
 * Leaves out elements that do not fit, one by one, in the lists that may lose elements (`PartList`): first by the schema, then by errors of lint that
 * name an element. An element with a key keeps its last content if `previous` has it. Faults outside of these lists stay, for the service as a whole.
 */
export function holdParts(
  service: AnyService,
  desired: Record<string, unknown>,
  previous: Readonly<Record<string, unknown>> | null,
): HeldParts {
  const lists = service.parts ?? [];
  const heldFaults: HeldFault[] = [];
  let current = desired;
  let rest: readonly Finding[] | null = null;
  for (let pass = 0; pass < PASSES_MAX && lists.length > 0; pass += 1) {
    const { faults, lint } = faultsOf(service, lists, current);
    rest = lint;
    if (faults.length === 0) break;
    const changed = new Map<string, unknown>();
    const news = faults.flatMap((fault): HeldFault[] => {
      const element = valueAt(current, fault.at);
      const earlier = heldFaults.find((item) => item.last !== undefined && item.last === element);
      if (earlier) earlier.hasLastContent = false;
      const last = earlier ? undefined : lastOf(lists, { current, previous, at: fault.at });
      changed.set(fault.at.join('/'), last);
      return earlier ? [] : [{ fault, name: fault.list.name(element), last, hasLastContent: last !== undefined }];
    });
    const next = withChanges(current, changed, []) as Record<string, unknown>;
    if (faults.some(({ list, at }) => list.isNeeded === true && isEmpty(valueAt(next, at.slice(0, -1))))) break;
    heldFaults.push(...news);
    current = next;
  }
  const findings = heldFaults.map((item) => findingOf(service, item));
  return { desired: current, findings, lint: (rest ?? service.lint(current)).map(storable) };
}

function faultsOf(service: AnyService, lists: readonly PartList[], desired: Record<string, unknown>): Faults {
  const found = new Map<string, PartFault>();
  const add = (path: string, why: string, finding?: Finding) => {
    const place = placeOf(lists, path.split('/').slice(1));
    if (place && !found.has(place.at.join('/')))
      found.set(place.at.join('/'), { ...place, why, ...(finding ? { finding } : {}) });
  };
  const validator = validatorOf(service);
  if (!validator.Check(desired)) {
    for (const { instancePath, message } of validator.Errors(desired)) {
      const steps = instancePath.split('/').slice(1);
      add(instancePath, `${memberName(steps)}${formRule(message)} (it is ${show(valueAt(desired, steps))})`);
    }
    return { faults: [...found.values()], lint: null };
  }
  const lint = service.lint(desired);
  for (const finding of lint) {
    if (finding.severity === 'error' && finding.part !== undefined) add(finding.part, finding.sentence, finding);
  }
  return { faults: [...found.values()], lint };
}

/** The innermost such list that has this place in one of its elements. */
function placeOf(lists: readonly PartList[], steps: readonly string[]): Pick<PartFault, 'at' | 'list'> | null {
  const fitting = lists
    .map((list) => ({ list, pattern: list.path.split('/') }))
    .filter(
      ({ pattern }) =>
        pattern.length <= steps.length && pattern.every((step, index) => step === '*' || step === steps[index]),
    )
    .toSorted((a, b) => b.pattern.length - a.pattern.length)[0];
  return fitting ? { list: fitting.list, at: steps.slice(0, fitting.pattern.length) } : null;
}

/** The element of the same key as it was published last; the elements around it are also found by their keys. */
function lastOf(
  lists: readonly PartList[],
  { current, previous, at }: { readonly current: unknown; readonly previous: unknown; readonly at: readonly string[] },
): unknown {
  let now = current;
  let before = previous;
  const pattern: string[] = [];
  for (const step of at) {
    now = memberOf(now, step);
    if (Array.isArray(before)) {
      pattern.push('*');
      const key = lists.find((list) => list.path === pattern.join('/'))?.key;
      const wanted = key === undefined ? undefined : memberOf(now, key);
      before =
        key === undefined || wanted === undefined ? undefined : before.find((item) => memberOf(item, key) === wanted);
    } else {
      pattern.push(step);
      before = memberOf(before, step);
    }
  }
  return before;
}

function findingOf(service: AnyService, { fault, name, hasLastContent }: HeldFault): Finding {
  const { part: _, ...base } = fault.finding ?? {
    code: 'part_unusable',
    severity: 'error' as const,
    subject: name,
    sentence: `${name} does not fit ${service.name}: ${fault.why}.`,
  };
  const instead = hasLastContent ? 'it keeps its last good content' : 'it is left out';
  const sentence = `${base.sentence.replace(/\.$/u, '')}: ${instead}.`;
  return { ...base, sentence, held: name, remedy: base.remedy ?? fault.list.remedy };
}

/** A schema's message for people. A pattern means nothing to them. */
export function formRule(message: string | undefined): string {
  if (message === undefined) return 'does not fit';
  return message.startsWith('must match pattern') ? 'must be written in another form' : message;
}

/** A finding as it is reported, without the place of an element, which means nothing later. */
function storable(finding: Finding): Finding {
  const { part: _, ...reported } = finding;
  return reported;
}

/** The last step that is a member's name, with a blank: `cidr `. */
function memberName(steps: readonly string[]): string {
  const name = steps.at(-1) ?? '';
  return name === '' || /^[0-9]+$/u.test(name) ? '' : `${name} `;
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function withChanges(value: unknown, changed: ReadonlyMap<string, unknown>, at: readonly string[]): unknown {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => {
      const place = [...at, String(index)];
      const path = place.join('/');
      if (!changed.has(path)) return [withChanges(item, changed, place)];
      const instead = changed.get(path);
      return instead === undefined ? [] : [instead];
    });
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withChanges(item, changed, [...at, name])]),
  );
}

/** A member of an element as text, whatever shape the element has; for names in `PartList`. */
export function memberText(element: unknown, name: string): string {
  const value = memberOf(element, name);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : 'without a name';
}

const valueAt = (value: unknown, steps: readonly string[]): unknown => steps.reduce<unknown>(memberOf, value);

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
