import Type, { type TArray, type TOptional, type TString } from 'typebox';
import { text } from '../base/common.ts';
import { type Carrier, type Declaration, oneOfNoun } from '../base/declare.ts';
import { TAG } from './tag.ts';

/** The declared nouns that objects of another noun carry any number of, such as the labels of a machine: those with `carriedBy`. */
const LABELS = [TAG] as const;
type Label = (typeof LABELS)[number];
type Carried<C extends Carrier> = Extract<Label, { readonly carriedBy: C }>;

/** Names of what an object carries, by the plural of each noun. */
export type CarriedNames<C extends Carrier> = { [P in Carried<C>['plural']]: string[] };

/** Most of one noun that an object may carry. */
const CARRIED_MAX = 64;

/** A declared noun that is carried. */
export type CarriedDeclaration = Declaration & { readonly noun: Label['noun'] };

const known = new Map<Carrier, readonly CarriedDeclaration[]>();

/** What objects of a noun carry. */
export function carriedBy(carrier: Carrier): readonly CarriedDeclaration[] {
  const found = known.get(carrier) ?? LABELS.filter((declaration: Declaration) => declaration.carriedBy === carrier);
  known.set(carrier, found);
  return found;
}

/** Members of an answer: the names, in order. */
export function carriedAnswers<C extends Carrier>(carrier: C) {
  const members = carriedBy(carrier).map(({ plural }) => [plural, Type.Array(Type.String())]);
  return Object.fromEntries(members) as { [P in Carried<C>['plural']]: TArray<TString> };
}

/** Members of a body: ids or names, which replace all that it carries. */
export function carriedInputs<C extends Carrier>(carrier: C) {
  const members = carriedBy(carrier).map(({ plural }) => [
    plural,
    Type.Optional(Type.Array(text(64, 'id or name'), { maxItems: CARRIED_MAX, description: 'all that it has then' })),
  ]);
  return Object.fromEntries(members) as { [P in Carried<C>['plural']]: TOptional<TArray<TString>> };
}

/** Filters of a list: objects that carry this one. */
export function carriedFilters<C extends Carrier>(carrier: C) {
  const members = carriedBy(carrier).map(({ noun }) => [
    noun,
    Type.Optional(text(64, `id or name of ${oneOfNoun(noun)} that it has`)),
  ]);
  return Object.fromEntries(members) as { [N in Carried<C>['noun']]: TOptional<TString> };
}
