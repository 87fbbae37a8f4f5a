import { declare, titleField, VERBS } from '../base/declare.ts';

/** A fabric: switches that share their VLAN numbers. A new one has its untagged VLAN. */
export const FABRIC = declare({
  noun: 'fabric',
  plural: 'fabrics',
  verbs: VERBS,
  fields: { name: titleField() },
  counts: { vlans: { table: 'vlans', column: 'fabric_id', description: 'VLANs of it' } },
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [{ noun: 'vlan', column: 'fabric_id', constraint: 'vlans_fabric', many: 'VLANs' }],
  page: { title: 'Fabrics', text: 'A fabric is switches that share their VLAN numbers.' },
  texts: {
    summary: 'fabrics: switches that share their VLAN numbers',
    example: 'hall-2',
    show: { examples: ['regent fabric show fabric-1'] },
    create: { summary: 'create a fabric with its untagged VLAN' },
    set: { summary: 'rename a fabric', examples: ['regent fabric set fabric-1 --name hall-1'] },
    delete: {
      summary: 'delete a fabric whose VLANs nothing uses',
      examples: ['regent fabric delete hall-2 --dry-run'],
      next: (name) => ({ in_use: [`Its VLANs: regent vlan list --fabric ${name}`] }),
    },
  },
});
