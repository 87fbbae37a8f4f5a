import Type from 'typebox';
import {
  canonicalSelections,
  parseKeyring,
  parseSourceUrl,
  SOURCE_BOUNDS,
  SOURCE_TYPES,
} from '../../model/images/boot-source.ts';
import { choiceField, commentField, declare, textField, titleField, VERBS } from '../base/declare.ts';

const { url, keyring, selections } = SOURCE_BOUNDS;

/** An empty text takes the value away. */
const emptiable = (maxLength: number) => Type.String({ maxLength });

/** A boot source: where images come from besides uploads. */
export const BOOT_SOURCE = declare({
  noun: 'boot-source',
  plural: 'boot-sources',
  verbs: VERBS,
  fields: {
    name: titleField(),
    comment: commentField(),
    type: choiceField(SOURCE_TYPES, 'simplestreams as MAAS uses it, or a folder of scripts/build-image with an index'),
    // Not --url, which says where the region is.
    sourceUrl: {
      ...textField({
        max: url,
        value: 'url',
        help: 'where it is, without streams/v1',
        example: 'https://images.example.net/stable',
        rule: 'http:// or https://',
      }),
      input: emptiable(url),
      parse: parseSourceUrl,
    },
    keyring: {
      ...textField({
        max: keyring,
        value: 'key',
        help: 'the public key that its index is signed by, as gpg --export KEY | base64 -w0 prints it; @FILE reads it. Empty: only https is trusted',
        example: '',
        rule: `a public key in base64, at most ${keyring} characters`,
        isLong: true,
      }),
      input: emptiable(keyring),
      parse: parseKeyring,
    },
    selections: {
      ...textField({
        max: selections,
        value: 'names',
        help: 'images that are wanted, such as ubuntu/*:amd64,debian-13; empty: all of them',
        example: 'debian-13:amd64',
        rule: 'names, * for any characters, :amd64 or :arm64, with commas between',
      }),
      input: emptiable(selections),
      parse: canonicalSelections,
    },
  },
  counts: {},
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [],
  texts: {
    summary: 'boot sources: where images come from besides uploads',
    example: 'ours',
    create: {
      summary: 'make a source known; regent image sync fetches from it',
      examples: [
        'regent boot-source create ours --type regent --source-url https://images.example.net --keyring @key.asc --selections debian-13:amd64',
      ],
    },
    set: { summary: 'change a source' },
    delete: { summary: 'forget a source; its images stay' },
  },
});
