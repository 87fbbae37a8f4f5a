import { accept, isRejected, refuse, type Rejected } from '../../core/errors.ts';
import { createTagMatcher, parseDefinition, subjectOf } from '../../model/machines/tags/definition.ts';
import type { Hardware } from '../../model/machines/tags/hardware.ts';
import type { CarriedIds } from '../../store/declared/carried.ts';
import { createDeclared, type DeclaredRow, updateDeclared } from '../../store/declared/rows.ts';
import {
  listDefinedTags,
  readInventories,
  storeTag,
  tagMany,
  tagsOf,
  untagAll,
  untagUntold,
} from '../../store/queries/machines/scripts/tag-rules.ts';
import type { Tx } from '../../store/tx.ts';
import type { WriteTx } from '../../store/write.ts';
import { TAG } from '../../contract/machines/tag.ts';
import { readCarried } from '../base/carried.ts';
import { resolveName } from '../base/known-names.ts';
import { declaredByRef, declaredCases, readFields, viewDeclared } from '../base/declared.ts';
import { target, type WriteCase, writing } from '../base/use-case.ts';

/** What is special about tags: machines have those with a definition by their hardware. */
export const tagCases = {
  'tag.create': writing(
    'tag.create',
    ({ body }) => `tag create ${body.name}`,
    async (tx, { body }) => {
      const values = await readFields(tx, TAG.fields, body);
      const row = await createDeclared(tx, 'tag', values);
      return await tagged(tx, row, 'created');
    },
  ),

  'tag.set': writing(
    'tag.set',
    ({ params }) => `tag set ${params.tag}`,
    async (tx, { params, body }, context) => {
      const old = await declaredByRef(tx, 'tag', params.tag);
      const values = await readFields(tx, TAG.fields, body);
      const row = accept(await updateDeclared(tx, 'tag', target(old.id, context), values));
      return await tagged(tx, row, 'changed');
    },
  ),

  'tag.delete': withoutRule(declaredCases['tag.delete'] as WriteCase<'tag.delete'>),

  'machine.tag-many': writing(
    'machine.tag-many',
    ({ body }) => `machine tag-many ${body.tag} +${body.add?.length ?? 0} -${body.remove?.length ?? 0}`,
    async (tx, { body }) => {
      const row = await declaredByRef(tx, 'tag', body.tag);
      if (row.definition !== '') refuse('conflict', `Machines have ${row.name} by its definition: ${row.definition}.`);
      const done = await tagMany(tx, row.id, { add: body.add ?? [], remove: body.remove ?? [] });
      if (done.added + done.removed > 0) tx.emit({ kind: 'tag.given', subject: row.name, data: done });
      return { body: done };
    },
  ),
};

/** What machines have by its definition goes with it. */
function withoutRule(plain: WriteCase<'tag.delete'>): WriteCase<'tag.delete'> {
  return {
    ...plain,
    run: async (tx, input, context) => {
      const row = await declaredByRef(tx, 'tag', input.params.tag);
      if (row.definition !== '') await untagAll(tx, row.id);
      return await plain.run(tx, input, context);
    },
  };
}

/** Without a definition machines keep the tag that they have. */
async function tagged(tx: WriteTx, row: DeclaredRow<'tag'>, done: 'created' | 'changed') {
  accept(row.definition === '' ? null : await tagAll(tx, row.id, row.definition));
  const shown = await declaredByRef(tx, 'tag', String(row.id));
  tx.emit({ kind: `tag.${done}`, subject: row.name, data: viewDeclared<'tag'>(shown) });
  return { body: viewDeclared<'tag'>(shown), version: row.version };
}

/** Gives a tag to all machines that its definition fits, and takes it off all others. Refused: the definition cannot be evaluated for a machine. */
async function tagAll(tx: Tx, tagId: number, definition: string): Promise<Rejected | null> {
  const parsed = accept(parseDefinition(definition));
  const query = createTagMatcher(parsed);
  await untagUntold(tx, tagId);
  const changes = { add: [] as string[], remove: [] as string[] };
  let page = await readInventories(tx, tagId, '');
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    // The database reads on while this page is evaluated.
    const following = readInventories(tx, tagId, last.machineId);
    for (const { machineId, hostname, inventory, has } of page) {
      const isOn = query.has(subjectOf(hostname, inventory as Hardware));
      if (isRejected(isOn)) return await following.then(() => isOn);
      if (isOn !== has) (isOn ? changes.add : changes.remove).push(machineId);
    }
    page = await following;
  }
  if (changes.add.length + changes.remove.length > 0) await tagMany(tx, tagId, changes);
  return null;
}

/** Gives a machine the tags that fit its new inventory. */
export async function tagByHardware(
  tx: WriteTx,
  machine: { readonly id: string; readonly fqdn: string },
  inventory: unknown,
): Promise<void> {
  const defined = await listDefinedTags(tx);
  if (defined.length === 0) return;
  const has = await tagsOf(tx, machine.id);
  const changed = { added: [] as string[], removed: [] as string[] };
  const subject = subjectOf(machine.fqdn, inventory as Hardware);
  for (const { id, name, definition } of defined) {
    const parsed = parseDefinition(definition);
    const isOn = isRejected(parsed) ? parsed : createTagMatcher(parsed).has(subject);
    // A definition that cannot be evaluated for this hardware blocks no inventory: the machine keeps the tags that it has.
    if (isRejected(isOn))
      tx.emit({ kind: 'tag.unclear', subject: name, data: { machine: machine.fqdn, why: isOn.message } });
    if (isRejected(isOn) || isOn === has.has(id)) continue;
    await storeTag(tx, machine.id, id, !has.has(id));
    (has.has(id) ? changed.removed : changed.added).push(name);
  }
  if (changed.added.length + changed.removed.length > 0)
    tx.emit({ kind: 'machine.tagged', subject: machine.fqdn, data: changed });
}

/**
 * What a machine carries when an operator gives it these: tags with a definition stay as its hardware has them. Refused: one of them that it does not
 * have. `machineId` null: the machine is new.
 */
export async function readTagged(tx: Tx, machineId: string | null, body: object): Promise<CarriedIds> {
  const wanted = await readCarried(tx, 'machine', body);
  const given = wanted['tags'];
  const defined =
    given === undefined ? [] : await resolveName(tx, 'tag', 'with a definition', () => listDefinedTags(tx));
  if (given === undefined || defined.length === 0) return wanted;
  const has = machineId === null ? new Set<number>() : await tagsOf(tx, machineId);
  const wrong = defined.find(({ id }) => given.includes(id) && !has.has(id));
  if (wrong !== undefined)
    refuse(
      'conflict',
      `tags: ${wrong.name} is given by its definition, ${wrong.definition}, which the hardware does not fit. Rule: such a tag is not given by hand.`,
    );
  return { ...wanted, tags: [...new Set([...given, ...defined.map(({ id }) => id).filter((id) => has.has(id))])] };
}
