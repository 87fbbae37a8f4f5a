import type { NounSpec } from './command.ts';

/** Every noun of the command line, in the order of the help. Adding one is one line here. */
export const NOUNS: readonly NounSpec[] = [];
