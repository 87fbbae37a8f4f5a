/** Runs `count` calls, `atOnce` at a time, in the order of their numbers. The first that throws ends it. */
export async function each(
  { count, atOnce }: { readonly count: number; readonly atOnce: number },
  call: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await call(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** All items of a list that comes page by page. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
