import { invalid, refuse } from '../../../core/errors.ts';
import type { InterfaceInput, LinkInput } from '../../../store/queries/machines/machine-interfaces.ts';

/** An interface that was read. `families` and `fresh` are of its links, one by one; `fresh`: this request wants it. */
export interface InterfaceReading {
  readonly index: number;
  readonly input: InterfaceInput;
  readonly families: readonly (4 | 6 | null)[];
  readonly fresh: readonly boolean[];
}

/** A machine has one default route for each family. One that a request wants replaces the one before; a request for two is refused. */
export function oneGateway(found: readonly InterfaceReading[]): InterfaceInput[] {
  const chosen = found.flatMap(({ index, input, families, fresh }) =>
    (input.links ?? []).flatMap((link, number) =>
      link.isGateway ? [{ index, input, link, number, family: families[number], isFresh: fresh[number] === true }] : [],
    ),
  );
  const dropped = new Set<LinkInput>();
  for (const family of [4, 6] as const) {
    const own = chosen.filter((one) => one.family === family);
    const fromRequest = own.filter(({ isFresh }) => isFresh);
    const [first, second] = fromRequest;
    if (first && second) {
      const problem = `the default route of IPv${family} would go through ${first.input.name} and ${second.input.name}`;
      refuse(
        invalid(
          `interfaces/${second.index}/addresses/${second.number}/gateway`,
          problem,
          'a machine has one default route for each family',
        ),
      );
    }
    const winner = first ?? own[0];
    for (const { link } of own) if (link !== winner?.link) dropped.add(link);
  }
  return found.map(({ input }) => ({
    ...input,
    links: (input.links ?? []).map((link) => (dropped.has(link) ? { ...link, isGateway: false } : link)),
  }));
}
