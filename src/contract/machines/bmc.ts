import { POWER_TYPES } from '../../model/machines/power.ts';
import { POWER_SECRET_NAMES } from '../../model/machines/power-secrets.ts';
import { choiceField, commentField, declare, mapField, titleField, VERBS } from '../base/declare.ts';

/** A BMC: what switches machines on and off, and by which protocol. */
export const BMC = declare({
  noun: 'bmc',
  plural: 'bmcs',
  verbs: VERBS,
  fields: {
    name: titleField(),
    comment: commentField(),
    powerType: choiceField(POWER_TYPES, 'the protocol: what switches the machine'),
    parameters: mapField({
      help: "the power type's parameters; a secret goes in and comes out masked, masked it stays what it is",
      secretMembers: POWER_SECRET_NAMES,
      example: { power_address: '192.0.2.9' },
    }),
  },
  counts: { machines: { table: 'machines', column: 'bmc_id', description: 'machines that it switches' } },
  sorts: ['name'],
  filters: { name: 'part', powerType: 'exact' },
  usedBy: [
    {
      noun: 'machine',
      column: 'bmc_id',
      constraint: 'machines_bmc',
      many: 'machines',
      refusal: (name, users) =>
        `${name} switches the machines ${users}. Give them another BMC first: machine set --bmc.`,
    },
  ],
  texts: {
    summary: 'BMCs: what switches machines on and off',
    example: 'm1-bmc',
    create: {
      summary: 'register a BMC',
      examples: [
        'regent bmc create m1-bmc --power-type ipmi --parameters - < m1-bmc.json',
        'regent bmc create m1-bmc --power-type manual',
      ],
    },
    set: {
      summary: 'change a BMC; parameters that are given replace all that it has',
      examples: ['regent bmc set m1-bmc --parameters @m1-bmc.json'],
    },
    delete: {
      summary: 'forget a BMC that switches no machine',
      next: () => ({ in_use: ['Its machines: regent machine list -o wide'] }),
    },
  },
});
