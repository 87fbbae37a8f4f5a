/** `4.0 s`, `3.14 s`, `0.31 s`. Rounded up to 10 ms, so that what is beyond a limit never reads as the limit itself. */
export function seconds(ms: number): string {
  // The tiny part undone is what binary fractions add to a whole hundredth.
  const text = (Math.ceil(ms / 10 - 1e-6) / 100).toFixed(2);
  return `${text.endsWith('0') ? text.slice(0, -1) : text} s`;
}

/** The first few of a list and how many more there are: `a, b, c and 4 more`. */
export function firstFew(texts: readonly string[], glue = ', '): string {
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(glue) + (more > 0 ? ` and ${more} more` : '');
}

const SHOWN = 3;
