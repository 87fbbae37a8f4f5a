/**
 * What region processes of this release know that those of an earlier one may not. The cluster does it only once every region node
 * knows it; from then on a process that does not know it must not work (the store's `features`). A name is never used for something else.
 */
export const FEATURES = [
  /** Nodes whose work was handed on: desired states differ by `isDrained`. */
  'drain',
] as const;

export type Feature = (typeof FEATURES)[number];
