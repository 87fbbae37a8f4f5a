import { STATIC_ROUTE } from '../../../contract/nouns/static-route.ts';
import { isRejected } from '../../../core/errors.ts';
import { checkWay } from '../../../model/deployment/ways.ts';
import { createDeclared, updateDeclared } from '../../../store/declared/rows.ts';
import { target, writing } from '../../use-case.ts';
import { declaredByRef, readFields, viewDeclared } from './cases.ts';

const EMPTY = { source: '', destination: '', gateway: '' };

/** What is special about static routes: their networks and their router fit together. */
export const staticRouteCases = {
  'static-route.create': writing(
    'static-route.create',
    ({ body }) => `static-route create ${body.name}`,
    async (tx, { body }) => {
      const values = await readFields(tx, STATIC_ROUTE.fields, body);
      if (isRejected(values)) return values;
      const refusal = checkWay({ ...EMPTY, ...values });
      if (refusal) return refusal;
      const row = await createDeclared(tx, 'static-route', values);
      tx.emit({ kind: 'static-route.created', subject: row.name, data: viewDeclared<'static-route'>(row) });
      return { body: viewDeclared<'static-route'>(row), version: row.version };
    },
  ),

  'static-route.set': writing(
    'static-route.set',
    ({ params }) => `static-route set ${params.static_route}`,
    async (tx, { params, body }, context) => {
      const old = await declaredByRef(tx, 'static-route', params.static_route);
      if (isRejected(old)) return old;
      const values = await readFields(tx, STATIC_ROUTE.fields, body);
      if (isRejected(values)) return values;
      const refusal = checkWay({ ...old, ...values });
      if (refusal) return refusal;
      const row = await updateDeclared(tx, 'static-route', target(old.id, context), values);
      if (isRejected(row)) return row;
      tx.emit({ kind: 'static-route.changed', subject: row.name, data: viewDeclared<'static-route'>(row) });
      return { body: viewDeclared<'static-route'>(row), version: row.version };
    },
  ),
};
