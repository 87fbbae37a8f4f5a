import Type from 'typebox';
import {
  ADDRESS_RULE,
  CONTACT_NAME_RULE,
  parseAddress,
  parseContactName,
  parsePhone,
  PHONE_RULE,
} from '../../model/people/contact.ts';
import { commentField, declare, nameField, referenceField, textField, VERBS } from '../base/declare.ts';

/** A contact: whom people call about a machine or a rack; about the site, if neither is named. */
export const CONTACT = declare({
  noun: 'contact',
  plural: 'contacts',
  verbs: VERBS,
  fields: {
    name: nameField({ max: 64, rule: CONTACT_NAME_RULE, parse: parseContactName }),
    phone: {
      ...textField({
        max: 48,
        value: 'number',
        help: 'telephone number; "": none',
        example: '+49 30 1234-56',
        rule: PHONE_RULE,
      }),
      input: Type.String({ maxLength: 48 }),
      parse: parsePhone,
    },
    address: {
      ...textField({
        max: 254,
        value: 'e-mail',
        help: 'e-mail address; "": none',
        example: 'ada@example.net',
        rule: ADDRESS_RULE,
      }),
      input: Type.String({ maxLength: 254 }),
      parse: parseAddress,
    },
    machine: referenceField('machine', 'about which machine people call; "none": about no single one'),
    rack: referenceField('rack', 'about which rack people call; "none": about no single one'),
    comment: commentField(),
  },
  counts: {},
  sorts: ['name'],
  filters: { name: 'part', machine: 'exact', rack: 'exact' },
  usedBy: [],
  laws: {
    of_one: {
      text: 'A contact is about a machine or about a rack, or about the site: name one of them.',
      field: 'rack',
    },
  },
  searched: ['name', 'phone', 'address'],
  page: { title: 'Contacts', text: 'Findings about its machine, its rack or the site name it: whom to call.' },
  texts: {
    summary: 'contacts: whom to call about a machine, a rack or the site',
    example: 'Ada',
    create: {
      summary: 'create a contact; findings about its machine, its rack, or the site name it',
      examples: [
        "regent contact create 'Ada Lovelace' --phone '+49 30 1234-56' --machine web1",
        "regent contact create 'Night shift' --phone 030/123456x7 --address night@example.net",
      ],
    },
    set: {
      summary: 'change a contact, or what it is about',
      examples: ["regent contact set 'Ada Lovelace' --machine none --rack k1"],
    },
    delete: { summary: 'delete a contact' },
  },
});
