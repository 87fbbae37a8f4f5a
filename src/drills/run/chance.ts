/**
 * A sequence of numbers in [0, 1) that depends only on its seed (mulberry32, public domain): a round is played again by
 * its seed.
 */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of a round, from that of the run: neighbouring rounds have nothing in common. */
export function seedOfRound(seed: number, hazard: string, round: number): number {
  let hash = (seed ^ Math.imul(round, 0x9e3779b1)) >>> 0;
  for (const letter of hazard) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
