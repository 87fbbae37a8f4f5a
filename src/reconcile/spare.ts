import { sentenceOf } from '../core/errors.ts';
import type { OptionalPart, OptionalParts, RenderedFile } from '../services/kit/contract.ts';
import { renderService } from '../services/kit/render.ts';
import { type CheckOutcome, checkStaged } from './check.ts';
import { diskStates, readFolder, stage } from './disk.ts';
import { statesOf } from './files.ts';
import type { ServiceRun } from './state.ts';
import type { HeldBack, Spared, DesiredService } from './values.ts';

const REASON_MAX = 600;

/** The desired state as far as the daemon takes it, if that is known. */
export function withoutSpared(spared: Spared | null, wanted: DesiredService): DesiredService {
  return spared?.digest === wanted.digest ? { ...wanted, desired: spared.desired } : wanted;
}

/**
 * Finds the optional parts because of which the checker refused a desired state. Null: they are not the cause. It leaves no staged file behind.
 */
export async function spareParts(run: ServiceRun): Promise<Spared | null> {
  const { service, wanted, ports } = run;
  const { optional } = service;
  const { desired, digest } = wanted;
  if (!optional || desired === null) return null;
  const check = (less: typeof desired) => checkDesired({ ...run, wanted: { ...wanted, desired: less } });
  try {
    const found = await searchParts(optional, desired, check);
    return found && { digest, ...found };
  } finally {
    for (const path of await ports.host.files.list(`${service.folder}/.stage`)) await ports.host.files.remove(path);
  }
}

/**
 * Shows the checker a desired state without its optional parts, and then with some of them, by halves, until the refused ones are known. Null: it
 * refuses everything, or nothing, or could not be run.
 */
export async function searchParts<D extends object>(
  optional: OptionalParts<D>,
  desired: D,
  check: (desired: D) => Promise<CheckOutcome>,
): Promise<{ readonly desired: D; readonly held: readonly HeldBack[] } | null> {
  const parts = optional.list(desired);
  const accepted = new Set<string>();
  const held: HeldBack[] = [];
  let isSure = true;
  const only = (included: ReadonlySet<string>): D => {
    const left = parts.map(({ key }) => key).filter((key) => !included.has(key));
    return optional.without(desired, new Set(left));
  };
  const admit = async (some: readonly OptionalPart[]): Promise<void> => {
    const outcome = await check(only(new Set([...accepted, ...some.map(({ key }) => key)])));
    const [first] = some;
    if (outcome.kind === 'passed') for (const { key } of some) accepted.add(key);
    else if (outcome.kind === 'check_failed') isSure = false;
    else if (first && some.length === 1) held.push(heldOf(first, outcome.why));
    else {
      const half = Math.ceil(some.length / 2);
      await admit(some.slice(0, half));
      await admit(some.slice(half));
    }
  };
  if (parts.length === 0 || (await check(only(new Set()))).kind !== 'passed') return null;
  await admit(parts);
  return isSure && held.length > 0 ? { desired: only(accepted), held } : null;
}

function heldOf({ name, remedy }: OptionalPart, why: string): HeldBack {
  // The first line says what is wrong. The rest of the checker's output is for its log.
  return { name, why: (why.split('\n')[0] ?? '').slice(0, REASON_MAX), remedy };
}

/** Shows the files of a desired state to the checker. */
async function checkDesired({ service, ports, state, wanted, facts }: ServiceRun): Promise<CheckOutcome> {
  let files: readonly RenderedFile[];
  try {
    files = renderService(service, wanted.desired, {
      facts,
      templates: ports.templates,
      generation: wanted.generation,
    });
  } catch (error) {
    return { kind: 'rejected', why: sentenceOf(error) };
  }
  const known = [statesOf(files), state.memory.loaded?.files ?? {}, state.memory.good?.files ?? {}];
  const texts = await readFolder(ports.host, service.folder, ...known);
  const good = state.memory.good?.files ?? {};
  const staged = await stage(ports.host, {
    folder: service.folder,
    texts,
    disk: diskStates(texts, ...known),
    files,
    good,
  });
  return await checkStaged(ports, service.check(staged));
}
