import { defined } from '../../core/members.ts';
import { STATIC_ROUTE } from '../../contract/networks/static-route.ts';
import { accept, invalid, type Rejected } from '../../core/errors.ts';
import { checkRoute, checkRouteUnique, type NetworkRoute } from '../../model/machines/deployment/network-routes.ts';
import { createDeclared, listDeclared, lockAll, updateDeclared } from '../../store/declared/rows.ts';
import { findSubnet } from '../../store/queries/networks/subnets.ts';
import type { Tx } from '../../store/tx.ts';
import { subnetCidrs } from './network-refs.ts';
import { target, writing } from '../base/use-case.ts';
import { declaredByRef, readFields, viewDeclared } from '../base/declared.ts';

const EMPTY: NetworkRoute = { source: '', destination: '', gateway: '', metric: 0 };
/** Routes that are compared with a new one. */
const MOST = 1000;

/** Does a route fit the site: does it begin in a subnet, and is there none like it? What a route has already stays. */
async function checkBeside(
  tx: Tx,
  route: NetworkRoute,
  old: (NetworkRoute & { readonly id: number }) | null,
): Promise<Rejected | null> {
  const refusal = checkRoute(route);
  if (refusal) return refusal;
  await lockAll(tx, 'static-route');
  const { source } = route;
  if (source !== '' && source !== old?.source && (await findSubnet(tx, { cidr: source })) === null) {
    const known = (await subnetCidrs(tx)).slice(0, 10).join(', ') || 'none: create a subnet first';
    return invalid('source', `${source} is not a subnet`, `a route begins in a subnet, one of ${known}`);
  }
  const all = (await listDeclared(tx, 'static-route', { limit: MOST, sort: 'name' })).items;
  return checkRouteUnique(
    route,
    all.filter(({ id }) => id !== old?.id),
  );
}

/** What is special about static routes: their networks and their router fit together. */
export const staticRouteCases = {
  'static-route.create': writing(
    'static-route.create',
    ({ body }) => `static-route create ${body.name}`,
    async (tx, { body }) => {
      const values = await readFields(tx, STATIC_ROUTE.fields, body);
      accept(await checkBeside(tx, { ...EMPTY, ...defined(values) }, null));
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
      const values = await readFields(tx, STATIC_ROUTE.fields, body);
      accept(await checkBeside(tx, { ...old, ...defined(values) }, old));
      const row = accept(await updateDeclared(tx, 'static-route', target(old.id, context), values));
      tx.emit({ kind: 'static-route.changed', subject: row.name, data: viewDeclared<'static-route'>(row) });
      return { body: viewDeclared<'static-route'>(row), version: row.version };
    },
  ),
};
