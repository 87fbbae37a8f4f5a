import Type from 'typebox';
import { parseSourceUrl, SOURCE_BOUNDS } from '../../model/images/boot-source.ts';
import {
  ARCHES,
  parseSigningKey,
  parseList,
  POCKETS,
  REPOSITORY_BOUNDS,
} from '../../model/images/package-repository.ts';
import { commentField, declare, flagField, textField, titleField, VERBS } from '../base/declare.ts';

const { list, key } = REPOSITORY_BOUNDS;

/** A list of names; an empty text removes it. */
const listField = (value: string, help: string, example: string, known?: readonly string[]) => ({
  ...textField({
    max: list,
    value,
    help,
    example,
    rule: known === undefined ? 'names with blanks between' : known.join(', '),
  }),
  input: Type.String({ maxLength: list, description: help }),
  parse: (text: string, field: string) => parseList(text, field, known),
});

/** A package repository: where the systems that are deployed get packages from. */
export const PACKAGE_REPOSITORY = declare({
  noun: 'package-repository',
  plural: 'package-repositories',
  verbs: VERBS,
  fields: {
    name: titleField(),
    comment: commentField(),
    enabled: flagField('is it in what is deployed?'),
    // Not --url, which says where the region is.
    sourceUrl: {
      ...textField({
        max: SOURCE_BOUNDS.url,
        value: 'url',
        help: 'where it is; empty: it is in nothing',
        example: 'https://packages.example.net/debian',
        rule: 'http:// or https://',
      }),
      input: Type.String({ maxLength: SOURCE_BOUNDS.url }),
      parse: parseSourceUrl,
    },
    signingKey: {
      ...textField({
        max: key,
        value: 'key',
        help: 'the public key that signs it, as gpg --export KEY | base64 -w0 prints it; @FILE reads it. Empty: the keys that the system has',
        example: '',
        rule: `a public key in base64, at most ${key} characters`,
        isLong: true,
      }),
      input: Type.String({ maxLength: key }),
      parse: parseSigningKey,
    },
    distributions: listField(
      'names',
      'its suites, such as "stable stable-updates"; empty: the release of the system',
      'stable',
    ),
    components: listField('names', 'its components; empty: main', 'main'),
    arches: listField('names', 'architectures of the machines that have it; empty: all', 'amd64', ARCHES),
    disabledPockets: listField(
      'names',
      "pockets that the image's own archive loses (main_archive, ports_archive)",
      'backports',
      POCKETS,
    ),
    disabledComponents: listField('names', "components that the image's own archive loses", 'multiverse'),
    disableSources: flagField('only binaries, no sources of packages'),
  },
  counts: {},
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [],
  page: { title: 'Package repositories', text: 'Machines that are deployed from then on get packages from it.' },
  texts: {
    summary: 'package repositories: where deployed systems get packages from',
    example: 'in-house',
    create: {
      summary:
        "make a repository; machines that are deployed from then on have it. main_archive and ports_archive stand in for the image's own archive",
      examples: [
        'regent package-repository create in-house --source-url https://packages.example.net/debian --components main --signing-key @key.b64',
        'regent package-repository create main_archive --source-url http://mirror.example.net/ubuntu --disabled-pockets backports',
      ],
    },
    set: { summary: 'change a repository; systems that run keep theirs' },
    delete: { summary: 'delete a repository; systems that run keep theirs' },
  },
});
