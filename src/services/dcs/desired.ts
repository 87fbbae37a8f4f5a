import Type, { type Static } from 'typebox';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const ADDRESS = '^[0-9a-f.:]{2,45}$';

/** A region node: its name is its member's name. */
const Member = Type.Object({ name: Type.String({ pattern: LABEL }), address: Type.String({ pattern: ADDRESS }) });

/**
 * What etcd is to be on a node. `members` and `isNew` matter while its data folder is empty: `isNew` begins a cluster of its
 * members, else it joins the one that has already let it in.
 */
export const DcsDesired = Type.Object({
  clusterId: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  name: Type.String({ pattern: LABEL }),
  address: Type.String({ pattern: ADDRESS }),
  members: Type.Array(Member, { minItems: 1 }),
  isNew: Type.Boolean(),
});
export type DcsDesired = Static<typeof DcsDesired>;
