/** Sentences of the doctor. */
export const DOCTOR = {
  title: 'Doctor',
  states: { ok: 'ok', warning: 'warning', broken: 'broken', unknown: 'not known' },
  fromMemory: 'The database is away. This is judged by what the region nodes remember.',
  why: 'Why it matters',
  remedy: 'What to do',
  since: 'Found',
  until: 'until',
  muted: 'Muted, no alarm',
  muteOver: 'Mute not in force: worse than what was muted',
  empty: 'This site has no invariants.',
  onlyWrong: 'Only what is not ok',
  allWell: 'Everything that always has to be true is true.',
} as const;
