/** Thrown in place of an effect, and in place of all later ones: the process was killed. */
class Killed extends Error {}

/** A host and what is around it, which survive the kills of the processes that work on them. */
export class Mortal {
  /** Effects that happen before the process is killed; `after`: the last one still happens, but its answer is lost. */
  life: { left: number; after: boolean } = { left: Number.POSITIVE_INFINITY, after: false };

  /** Does the work of one effect, unless the process is dead by then. */
  effect<T>(work: () => T): T {
    if (this.life.left <= 0) throw new Killed('killed');
    this.life.left -= 1;
    if (this.life.left === 0 && !this.life.after) throw new Killed('killed');
    const result = work();
    if (this.life.left === 0) throw new Killed('killed after the effect');
    return result;
  }

  /** Runs a command in a process of its own, which dies at its `left`th effect, before or after it. True: it was killed. */
  async killed(left: number, after: boolean, run: () => Promise<unknown>): Promise<boolean> {
    this.life = { left, after };
    await run().catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    const isDead = this.life.left <= 0;
    this.life = { left: Number.POSITIVE_INFINITY, after: false };
    return isDead;
  }
}

/** How many effects a command has, on a world of its own. */
export async function countEffects<M extends Mortal>(world: M, run: (world: M) => Promise<unknown>): Promise<number> {
  const many = 1_000_000;
  world.life = { left: many, after: false };
  await run(world);
  const count = many - world.life.left;
  world.life = { left: Number.POSITIVE_INFINITY, after: false };
  return count;
}
