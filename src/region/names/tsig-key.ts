import { TSIG_KEY } from '../../contract/names/tsig-key.ts';
import { accept } from '../../core/errors.ts';
import { NEW_SECRET } from '../../model/names/tsig-key.ts';
import { createDeclared, updateDeclared } from '../../store/declared/rows.ts';
import { addSecret, firstSecret, isSecretInForce } from '../../store/queries/names/tsig-keys.ts';
import { target, writing } from '../base/use-case.ts';
import { declaredByRef, readFields, viewDeclared } from '../base/declared.ts';

/** What is special about keys: the answer shows a new secret once; no stored answer contains it. */
export const tsigKeyCases = {
  'tsig-key.create': writing(
    'tsig-key.create',
    ({ body }) => `tsig-key create ${body.name}`,
    async (tx, { body }) => {
      const values = await readFields(tx, TSIG_KEY.fields, body);
      const { secret: given, ...others } = values;
      const row = await createDeclared(tx, 'tsig-key', others);
      const secret = await firstSecret(tx, row.id, givenSecret(given));
      const shown = viewDeclared<'tsig-key'>(row);
      tx.emit({ kind: 'tsig-key.created', subject: row.name, data: shown });
      return { body: shown, version: row.version, secrets: { secret } };
    },
  ),

  'tsig-key.set': writing(
    'tsig-key.set',
    ({ params }) => `tsig-key set ${params.tsig_key}`,
    async (tx, { params, body }, context) => {
      const old = await declaredByRef(tx, 'tsig-key', params.tsig_key);
      const values = await readFields(tx, TSIG_KEY.fields, body);
      const { secret: given, ...others } = values;
      const wanted = givenSecret(given);
      // The secret that is in force is no change.
      const isSame = given === undefined || (wanted !== null && (await isSecretInForce(tx, old.id, wanted)));
      const added = isSame ? null : await addSecret(tx, old.id, wanted);
      const change = { ...others, ...(added === null ? {} : { secretNumber: added.number }) };
      const row = accept(await updateDeclared(tx, 'tsig-key', target(old.id, context), change));
      const shown = viewDeclared<'tsig-key'>(row);
      tx.emit({ kind: 'tsig-key.changed', subject: row.name, data: shown });
      return { body: shown, version: row.version, ...(added === null ? {} : { secrets: { secret: added.secret } }) };
    },
  ),
};

/** Null: the region makes one. */
function givenSecret(given: unknown): string | null {
  return typeof given === 'string' && given !== NEW_SECRET ? given : null;
}
