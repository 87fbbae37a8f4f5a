import type { Space } from '../../contract/network/fabric.ts';
import { isRejected, rejected } from '../../core/errors.ts';
import { parseTitle } from '../../model/names.ts';
import * as spaces from '../../store/queries/network/spaces.ts';
import { listVlans } from '../../store/queries/network/vlans.ts';
import { pageBody } from '../paging.ts';
import { glancing, target, writing } from '../use-case.ts';
import { some, spaceByRef, vlanLabel } from './network-refs.ts';

type Row = spaces.SpaceRow;

function view({ id, name, vlans }: Row): Space {
  return { id, name, vlans };
}

export const spaceCases = {
  'space.list': glancing('space.list', async (tx, { query }) =>
    pageBody(await spaces.listSpaces(tx, { ...query }), view, query),
  ),

  'space.show': glancing('space.show', async (tx, { params }) => {
    const row = await spaceByRef(tx, params.space);
    return isRejected(row) ? row : { body: view(row), version: row.version };
  }),

  'space.create': writing(
    'space.create',
    ({ body }) => `space create ${body.name}`,
    async (tx, { body }) => {
      const name = parseTitle(body.name);
      if (isRejected(name)) return name;
      const row = await spaces.createSpace(tx, { name });
      tx.emit({ kind: 'space.created', subject: row.name, data: view(row) });
      return { body: view(row), version: row.version };
    },
  ),

  'space.set': writing(
    'space.set',
    ({ params }) => `space set ${params.space}`,
    async (tx, { params, body }, context) => {
      const old = await spaceByRef(tx, params.space);
      if (isRejected(old)) return old;
      const name = body.name === undefined ? undefined : parseTitle(body.name);
      if (isRejected(name)) return name;
      const row = await spaces.updateSpace(tx, target(old.id, context), name === undefined ? {} : { name });
      if (isRejected(row)) return row;
      tx.emit({ kind: 'space.changed', subject: row.name, data: view(row) });
      return { body: view(row), version: row.version };
    },
  ),

  'space.delete': writing(
    'space.delete',
    ({ params }) => `space delete ${params.space}`,
    async (tx, { params }, context) => {
      const old = await spaceByRef(tx, params.space);
      if (isRejected(old)) return old;
      const users = (await listVlans(tx, { spaceId: old.id, limit: 6 })).items.map(vlanLabel);
      if (users.length > 0) {
        return rejected('in_use', `${old.name} holds the VLANs ${some(users)}. Take them out of it first.`);
      }
      const row = await spaces.deleteSpace(tx, target(old.id, context));
      if (isRejected(row)) return row;
      tx.emit({ kind: 'space.deleted', subject: row.name, data: view(row) });
      return { body: view(row) };
    },
  ),
};
