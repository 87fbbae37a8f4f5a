import { declare, titleField, VERBS } from '../base/declare.ts';

/** A space: VLANs that may route to each other, named for people and tools. */
export const SPACE = declare({
  noun: 'space',
  plural: 'spaces',
  verbs: VERBS,
  fields: { name: titleField() },
  counts: { vlans: { table: 'vlans', column: 'space_id', description: 'VLANs in it' } },
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [
    {
      noun: 'vlan',
      column: 'space_id',
      constraint: 'vlans_space',
      many: 'VLANs',
      refusal: (name, users) => `${name} holds the VLANs ${users}. Take them out of it first.`,
    },
  ],
  page: { title: 'Spaces', text: 'A space has VLANs that reach each other.' },
  texts: {
    summary: 'spaces: VLANs that may route to each other',
    example: 'dmz',
    create: { summary: 'create a space; VLANs join it with: regent vlan set VLAN --space NAME' },
    set: { summary: 'rename a space', examples: ['regent space set dmz --name outside'] },
    delete: {
      summary: 'delete a space that no VLAN is in',
      next: (name) => ({ in_use: [`Its VLANs: regent vlan list --space ${name}`] }),
    },
  },
});
