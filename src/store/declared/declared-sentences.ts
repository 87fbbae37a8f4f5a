import { columnOf, type Declaration, linkOf, oneOfNoun, tableOf } from '../../contract/base/declare.ts';
import { NOUNS } from '../../contract/registry.ts';
import { conflict, invalid, reference, type Sentence } from './sentence.ts';

/** Tables of declared nouns, whose changes can be taken back. */
export const DECLARED_TABLES: readonly string[] = NOUNS.flatMap((declaration: Declaration) => [
  tableOf(declaration),
  ...(declaration.carriedBy ? [linkOf(declaration, declaration.carriedBy).table] : []),
]);

/** The sentence for the operator when a constraint of a declared noun refuses. */
export const DECLARED_SENTENCES: Readonly<Record<string, Sentence>> = Object.fromEntries(NOUNS.flatMap(sentencesOf));

function sentencesOf(declaration: Declaration): [string, Sentence][] {
  const { noun, plural, fields, usedBy } = declaration;
  const own = Object.entries(fields).flatMap(([member, field]): [string, Sentence][] => {
    const constraint = `${tableOf(declaration)}_${columnOf(member)}`;
    const first = oneOfNoun(noun).replace(/^a/, 'A');
    return [
      ...(field.grammar ? [[`${constraint}_grammar`, invalid(field.grammar(noun), member)] as [string, Sentence]] : []),
      ...(field.refersTo ? [[constraint, reference(field.refersTo, plural)] as [string, Sentence]] : []),
      ...(field.isUnique
        ? [
            [`${constraint}_unique`, conflict(`${first} with the ${member} {} exists already.`, member)] as [
              string,
              Sentence,
            ],
          ]
        : []),
    ];
  });
  const uses = usedBy.map(({ constraint, many }): [string, Sentence] => [constraint, reference(noun, many)]);
  const defaultRules: [string, Sentence][] = declaration.hasDefault
    ? [[`${tableOf(declaration)}_keep_default`, { code: 'in_use', text: '{}. Rule: it stays.' }]]
    : [];
  const laws = Object.entries(declaration.laws ?? {}).map(([name, { text, field }]): [string, Sentence] => [
    `${tableOf(declaration)}_${name}`,
    invalid(text, field),
  ]);
  return [...own, ...uses, ...defaultRules, ...laws, ...linkSentences(declaration)];
}

/** The sentences of a carrier table: its key `_pkey`, and its foreign keys under the noun that they name. */
function linkSentences(declaration: Declaration): [string, Sentence][] {
  const { noun, plural, carriedBy } = declaration;
  if (carriedBy === undefined) return [];
  const { table } = linkOf(declaration, carriedBy);
  return [
    [`${table}_pkey`, conflict(`The ${carriedBy} has the ${noun} already.`, plural)],
    [`${table}_${noun}`, reference(noun, `${carriedBy}s`)],
    [`${table}_${carriedBy}`, reference(carriedBy, plural)],
  ];
}
