import { parseTsigName, parseTsigSecret, TSIG_ALGORITHMS, TSIG_NAME_RULE } from '../../model/names/tsig-key.ts';
import { choiceField, declare, nameField, secretField, VERBS } from '../base/declare.ts';

/** A key that signs transfers of zones to another name server. */
export const TSIG_KEY = declare({
  noun: 'tsig-key',
  plural: 'tsig-keys',
  verbs: VERBS,
  fields: {
    name: nameField({ max: 63, rule: TSIG_NAME_RULE, parse: parseTsigName }),
    algorithm: choiceField(TSIG_ALGORITHMS, 'what signs; the same on both sides'),
    secret: secretField('its secret in base64; left out or "new": the region makes one', parseTsigSecret),
  },
  counts: {
    domains: { table: 'domains', column: 'transfer_key_id', description: 'domains that are transferred by it' },
  },
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [
    {
      noun: 'domain',
      column: 'transfer_key_id',
      constraint: 'domains_transfer_key',
      many: 'domains',
      refusal: (name, users) =>
        `${name} signs the transfers of the domains ${users}. Give them another key first: domain set --transfer-key.`,
    },
  ],
  page: {
    title: 'TSIG keys',
    one: 'TSIG key',
    text: 'It signs transfers of zones to other name servers. Without a secret the site makes one and shows it once.',
  },
  texts: {
    summary: 'keys that sign transfers of zones to other name servers (TSIG)',
    example: 'ns-partner',
    create: {
      summary: 'create a key; its secret is printed once, for the other server',
      examples: [
        'regent tsig-key create ns-partner',
        'regent tsig-key create ns-partner --algorithm hmac-sha512 --secret - < secret',
      ],
    },
    set: {
      summary: 'change a key; a new secret is printed once',
      examples: ['regent tsig-key set ns-partner --secret new'],
    },
    delete: {
      summary: 'delete a key that no domain is transferred by',
      next: () => ({ in_use: ['Its domains: regent domain list -o wide'] }),
    },
  },
});
