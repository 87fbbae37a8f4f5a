/** What turns with the commits and is not drawn in this run (`oneOf` of a step, test/run.ts). */
export const NOT_DRAWN: readonly string[] = (process.env['REGENT_NOT_DRAWN'] ?? '')
  .split(',')
  .filter((name) => name !== '');

/** A name where it is drawn, or nothing turns; else none: for `describe.each`. */
export const drawn = (name: string): readonly string[] => (NOT_DRAWN.includes(name) ? [] : [name]);
