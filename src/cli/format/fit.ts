/** Blanks between two columns. */
const GAP = 2;

/**
 * Which columns of a table fit a width, as their places in order. `widths`: cells that each column needs. The first one
 * stays, because it names the object, and so does the second; others go from the right until the rest fits. Pure.
 */
export function fitColumns(widths: readonly number[], available: number): number[] {
  const places = widths.map((_, place) => place);
  const needed = () => places.reduce((sum, place) => sum + (widths[place] ?? 0), GAP * (places.length - 1));
  while (places.length > 2 && needed() > available) places.pop();
  return places;
}
