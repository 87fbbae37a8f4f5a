import { columnOf, type Declaration, oneOfNoun } from '../../contract/nouns/declare.ts';
import { NOUNS } from '../../contract/nouns/registry.ts';
import { conflict, invalid, reference, type Sentence } from './sentence.ts';

/** Tables of declared nouns, whose changes can be taken back. */
export const DECLARED_TABLES: readonly string[] = NOUNS.map(({ plural }) => plural);

/** What an operator reads when a constraint of a declared noun refuses. */
export const DECLARED_SENTENCES: Readonly<Record<string, Sentence>> = Object.fromEntries(NOUNS.flatMap(sentencesOf));

function sentencesOf({ noun, plural, fields, usedBy }: Declaration): [string, Sentence][] {
  const own = Object.entries(fields).flatMap(([member, field]): [string, Sentence][] => {
    const constraint = `${plural}_${columnOf(member)}`;
    const first = oneOfNoun(noun).replace(/^a/, 'A');
    return [
      [`${constraint}_grammar`, invalid(field.grammar(noun), member)],
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
  return [...own, ...usedBy.map(({ constraint, many }): [string, Sentence] => [constraint, reference(noun, many)])];
}
