import { EXPORT_KINDS, type ExportKind, exportKindOf } from '../../../contract/export-kinds.ts';
import type { ObjectChange, SiteApplied, SiteApply } from '../../../contract/export.ts';
import { FILE_FORM, type FileObject, type SiteFile } from '../../../contract/site/export-form.ts';
import { accept, invalid, RejectedError, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { digestOf, stableJson } from '../../../core/stable-json.ts';
import type { NewEvent, WriteTx } from '../../../store/write.ts';
import { planForBulk } from '../../../store/queries/base/bulk.ts';
import { readWatermark } from '../../../store/queries/base/watermark.ts';
import { type KnownNames, rememberNames } from '../../base/known-names.ts';
import type { CaseContext } from '../../base/use-case.ts';
import { withProbesOf } from '../../networks/probe.ts';
import { callIdOf, callOf } from './calls.ts';
import type { ListedItem, Names } from './members.ts';
import { nameOf, type SiteObject, type WantedObject } from './objects.ts';
import { keyOf, pairObjects, type PlanInput, planSteps, type Step } from './plan.ts';
import { judgeFile } from './problems.ts';
import { objectOf, readObjects } from './read.ts';
import { isSame } from './same.ts';

/** Makes the site as a file has it. Everything happens in the transaction of the call, so that all of it counts or nothing. */
export async function applyFile(tx: WriteTx, body: SiteApply, context: CaseContext): Promise<SiteApplied> {
  accept(judgeForm(body.site));
  const wanted = wantedOf(body.site);
  const prune = new Set((body.prune ?? []).flatMap((plural) => exportKindOf(plural)?.noun ?? []));
  await planForBulk(tx);
  const { revision } = await readWatermark(tx);
  const kinds = kindsToRead(wanted, prune);
  const reading = await readObjects(tx, context, kinds);
  accept(mayApply(wanted, prune, reading.forbidden));
  const input = { current: reading.objects, wanted, prune };
  const known = new Set([...kinds].filter((noun) => !reading.forbidden.has(noun)));
  accept(judgeFile({ ...input, known, user: context.caller.user }));
  const steps = planSteps(input);
  accept(mayDo(steps, context));
  const run = new Run(tx, context, reading.names);
  run.notes().push(...untouchedStates(input));
  for (const step of steps) await run.do(step);
  const changes = run.changes();
  const plan = digestOf({ changes, secrets: run.secretChanges() }).slice(0, 16);
  if (body.plan !== undefined && body.plan !== plan)
    refuse(
      'conflict',
      `The plan ${body.plan.slice(0, 16)} is out of date: the changes would be others now (${plan}). Rule: only the plan of the present site is applied. Nothing was changed. See regent diff.`,
    );
  const count = (action: ObjectChange['action']) => changes.filter((change) => change.action === action).length;
  const [created, changed, deleted] = [count('created'), count('changed'), count('deleted')];
  const unchanged = wanted.length - created - changed;
  return { revision, plan, created, changed, unchanged, deleted, changes, notes: run.notes() };
}

function judgeForm({ regent = FILE_FORM }: SiteFile): Rejected | null {
  if (regent === FILE_FORM) return null;
  return invalid(
    'site/regent',
    `the file has the form ${regent}, that of a newer release`,
    `this release reads the form ${FILE_FORM}; upgrade the region first`,
  );
}

function wantedOf(site: SiteFile): WantedObject[] {
  return EXPORT_KINDS.flatMap((kind) => {
    const objects = (site[kind.plural] ?? []) as readonly FileObject[];
    return objects.map((members, index) => ({
      kind,
      name: nameOf(kind, members),
      place: `site/${kind.plural}/${index}`,
      members,
    }));
  });
}

/** State of the file that the site has otherwise: it stays, and an operator should know. */
function untouchedStates(input: PlanInput): string[] {
  return pairObjects(input).flatMap(({ wanted: { kind, name, members }, current }) =>
    kind.once.flatMap((member) => {
      if (current === null || members[member] === undefined || isSame(members[member], current.members[member]))
        return [];
      return [`The ${kind.noun} ${name} stays as it is: \`${member}\` counts only when a ${kind.noun} is made.`];
    }),
  );
}

/** Kinds of the file, and those that they refer to. What goes may be in use by any kind. */
function kindsToRead(wanted: readonly WantedObject[], prune: ReadonlySet<string>): ReadonlySet<string> {
  if (prune.size > 0) return new Set(EXPORT_KINDS.map(({ noun }) => noun));
  const kinds = new Set(wanted.map(({ kind }) => kind));
  const named = [...kinds].flatMap(({ noun, refersTo }) => [noun, ...Object.values(refersTo)]);
  // Racks are named, too, and in no file.
  return new Set(named.filter((noun) => exportKindOf(noun) !== undefined));
}

/** The first kind of the file that the caller may not see all of. */
function mayApply(
  wanted: readonly WantedObject[],
  prune: ReadonlySet<string>,
  forbidden: ReadonlyMap<string, Rejected>,
): Rejected | null {
  for (const [noun, { message: problem }] of forbidden) {
    const first = wanted.find(({ kind }) => kind.noun === noun);
    if (first !== undefined) return placed(rejected('forbidden', problem), first.place);
    if (prune.has(noun)) return placed(rejected('forbidden', problem), 'prune');
  }
  return null;
}

function mayDo(steps: readonly Step[], context: CaseContext): Rejected | null {
  for (const step of steps) {
    const refusal = context.mayCall(callIdOf(step));
    if (refusal) return placed(refusal, step.place ?? 'prune');
  }
  return null;
}

/** A refusal with the place in the file that it is about. */
function placed(refusal: Rejected, place: string): Rejected {
  const fields = (refusal.fields ?? []).map((field) => ({ ...field, field: `${place}/${field.field}` }));
  const own = fields.length > 0 ? fields : [{ field: place, problem: refusal.message.replace(/\.$/, '') }];
  return rejected(refusal.code, refusal.message, own);
}

/** The steps of one application, and what they did. */
class Run {
  readonly #tx: WriteTx;
  readonly #context: CaseContext;
  readonly #names: Names;
  /** How calls name objects that steps made. */
  readonly #refs = new Map<string, string>();
  readonly #changes = new Map<string, ObjectChange>();
  readonly #secrets = new Set<string>();
  readonly #notes: string[] = [];
  /** Objects that steps of the present kind named. */
  #known: KnownNames = { except: '', found: new Map() };

  constructor(tx: WriteTx, context: CaseContext, names: Names) {
    this.#tx = tx;
    this.#context = context;
    this.#names = names;
  }

  changes(): ObjectChange[] {
    return [...this.#changes.values()];
  }

  notes(): string[] {
    return this.#notes;
  }

  /** Objects whose secrets changed, which no list of changes shows. */
  secretChanges(): string[] {
    return [...this.#secrets].sort();
  }

  async do(step: Step): Promise<void> {
    const events: NewEvent[] = [];
    if (this.#known.except !== step.kind.noun) this.#known = { except: step.kind.noun, found: new Map() };
    const plain = { ...this.#tx, emit: (event: NewEvent) => void events.push(event) };
    const inner = rememberNames(withProbesOf(this.#tx, plain), this.#known);
    const result = await this.#perform(inner, step);
    if (this.#note(step, result)) for (const event of events) this.#tx.emit(event);
  }

  async #perform(tx: WriteTx, step: Step) {
    const key = keyOf(step);
    const ref = this.#refs.get(key) || step.current?.ref || '';
    const { id, input } = callOf(step, ref);
    const version = step.isMore || this.#refs.has(key) ? undefined : step.current?.version;
    try {
      return await this.#context.perform(tx, id, input, version);
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      refuse(placed(named(step, error.rejected), step.place ?? 'prune'));
    }
  }

  /** Writes down what a step did; false: nothing, because the site had what the file has, written otherwise. */
  #note(step: Step, { body, version }: { readonly body: unknown; readonly version?: number }): boolean {
    const { kind, action, current } = step;
    const key = keyOf(step);
    const common = { kind: kind.noun, name: step.name, place: step.place };
    if (action === 'delete') {
      this.#changes.set(key, { ...common, action: 'deleted', members: [] });
      return true;
    }
    const after = this.#remember(kind, body as ListedItem);
    this.#refs.set(key, after.ref);
    const known = this.#changes.get(key);
    if (action === 'create' || (current !== null && isNew(current))) {
      if (known === undefined) this.#changes.set(key, { ...common, action: 'created', members: [] });
      if (action === 'create') this.#notes.push(...notesOf(step));
      return true;
    }
    const before = current?.members ?? {};
    const members = differences(before, after.members);
    const hasSecret = kind.secrets.some(({ member }) => step.members[member] !== undefined);
    const isOther = version === undefined || current?.version === undefined || version !== current.version;
    if (members.length === 0 && !(hasSecret && isOther)) return false;
    if (members.length === 0) this.#secrets.add(key);
    const masked =
      members.length > 0 ? members : [{ member: kind.secrets[0]?.member ?? '', before: MASK, after: MASK }];
    if (known?.action !== 'created' && step.place !== null)
      this.#changes.set(key, { ...common, action: 'changed', members: masked });
    return true;
  }

  /** An answer as an object; from now on others may name it. */
  #remember(kind: ExportKind, item: ListedItem): SiteObject {
    const object = objectOf(kind, item, { names: this.#names, versions: undefined });
    const plural = { fabric: 'fabrics', space: 'spaces', domain: 'domains', vlan: 'vlans', subnet: 'subnets' } as const;
    const known = plural[kind.noun as keyof typeof plural];
    const id = item['id'];
    if (known !== undefined && typeof id === 'number') this.#names[known].set(id, object.name);
    if (kind.noun === 'machine') this.#names.machines.set(String(id), String(item['fqdn']));
    return object;
  }
}

const MASK = '***';

/** An object that this application made. */
function isNew({ members }: NonNullable<Step['current']>): boolean {
  return Object.keys(members).length === 0;
}

function named({ kind, name, action }: Step, refusal: Rejected): Rejected {
  if (refusal.code === 'precondition_failed')
    return rejected(
      'conflict',
      `Somebody changed the ${kind.noun} ${name} meanwhile. Nothing was changed. Apply again.`,
    );
  const verb = action === 'delete' ? ' cannot be deleted' : '';
  return { ...refusal, message: `${kind.noun} ${name}${verb}: ${refusal.message}` };
}

function differences(before: ListedItem, after: ListedItem): ObjectChange['members'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((member) => {
    const [one, other] = [before[member] ?? null, after[member] ?? null];
    return stableJson(one) === stableJson(other) ? [] : [{ member, before: one, after: other }];
  });
}

function notesOf({ kind, name, members }: Step): string[] {
  if (kind.noun === 'tsig-key' && members['secret'] === undefined)
    return [
      `The region made a secret for the key ${name}. To have one that is shown: regent tsig-key set ${name} --secret new.`,
    ];
  if (kind.noun === 'user') return [`The user ${name} has no password and no API key: regent user password ${name}.`];
  return [];
}
