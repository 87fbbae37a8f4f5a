import { parsePoolName, POOL_RULE } from '../../model/machines/resource-pool.ts';
import { commentField, declare, nameField, VERBS } from '../base/declare.ts';

/** A resource pool: machines that are given out together, to the same people. Each machine is in one. */
export const RESOURCE_POOL = declare({
  noun: 'resource-pool',
  plural: 'resource-pools',
  verbs: VERBS,
  fields: { name: nameField({ max: 64, rule: POOL_RULE, parse: parsePoolName }), comment: commentField() },
  counts: { machines: { table: 'machines', column: 'pool_id', description: 'machines in it' } },
  sorts: ['name'],
  filters: { name: 'part' },
  hasDefault: true,
  usedBy: [
    {
      noun: 'machine',
      column: 'pool_id',
      constraint: 'machines_pool',
      many: 'machines',
      refusal: (name, users) =>
        `${name} holds the machines ${users}. Put them into another pool first: machine set --pool.`,
    },
  ],
  page: { title: 'Resource pools', text: 'A resource pool has machines that are given out together.' },
  texts: {
    summary: 'resource pools: machines that are given out together',
    example: 'lab-machines',
    create: { summary: 'create a resource pool; machines come into it with: regent machine set MACHINE --pool NAME' },
    set: { summary: 'rename a resource pool, or change its comment' },
    delete: {
      summary: 'delete a resource pool that no machine is in; the default one stays',
      next: (name) => ({ in_use: [`Its machines: regent machine list --pool ${name}`] }),
    },
  },
});
