/** A number of things, for people: `1 lease`, `2 leases`. `many`: left out, `one` with an `s`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
