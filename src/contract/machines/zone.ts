import { parseZoneName, ZONE_RULE } from '../../model/machines/zone.ts';
import { commentField, declare, nameField, VERBS } from '../base/declare.ts';

/** A zone: where machines stand, such as a hall that has its own power. Each machine is in one. */
export const ZONE = declare({
  noun: 'zone',
  plural: 'zones',
  verbs: VERBS,
  fields: { name: nameField({ max: 64, rule: ZONE_RULE, parse: parseZoneName }), comment: commentField() },
  counts: { machines: { table: 'machines', column: 'zone_id', description: 'machines in it' } },
  sorts: ['name'],
  filters: { name: 'part' },
  hasDefault: true,
  usedBy: [
    {
      noun: 'machine',
      column: 'zone_id',
      constraint: 'machines_zone',
      many: 'machines',
      refusal: (name, users) =>
        `${name} holds the machines ${users}. Put them into another zone first: machine set --zone.`,
    },
  ],
  page: { title: 'Zones', text: 'A zone has machines that fail together, such as those of one hall.' },
  texts: {
    summary: 'zones: where machines stand, such as halls with a power supply each',
    example: 'hall-1',
    create: { summary: 'create a zone; machines come into it with: regent machine set MACHINE --zone NAME' },
    set: { summary: 'rename a zone, or change its comment' },
    delete: {
      summary: 'delete a zone that no machine is in; the default one stays',
      next: (name) => ({ in_use: [`Its machines: regent machine list --zone ${name}`] }),
    },
  },
});
