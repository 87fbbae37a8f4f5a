import { RejectedError, rejected } from '../../../../core/errors.ts';
import type { Args } from '../../args.ts';
import type { SiteLists } from '../../site-lists.ts';
import { badValue } from '../base/refusals.ts';

/** Where a machine is, and what people and tools say of it. */
export function placeOf(args: Args) {
  return {
    description: args.text('description'),
    minHweKernel: args.text('min_hwe_kernel'),
    expectedArchitecture: architectureOf(args),
    zone: args.text('zone') || undefined,
    pool: args.text('pool') || undefined,
  };
}

/** Refuses a zone or a pool that is not there, by the name of its parameter. */
export async function checkPlace(lists: SiteLists, args: Args): Promise<void> {
  const readers = { zone: lists.zones, pool: lists.pools } as const;
  for (const [field, read] of Object.entries(readers)) {
    const text = args.text(field);
    if (!text || (await read()).some(({ id, name }) => name === text || String(id) === text)) continue;
    const problem = 'Select a valid choice. That choice is not one of the available choices';
    throw new RejectedError(rejected('invalid_value', `${field}: ${problem}.`, [{ field, problem }]));
  }
}

/** Architectures of MAAS, as its images and machines have them. */
export const ARCHITECTURES = ['amd64', 'arm64', 'armhf', 'i386', 'ppc64el', 'riscv64', 's390x'] as const;
/** What may follow the slash: `generic`, or another platform of the same architecture, such as `ga-24.04`, `hwe-24.04` or `xgene-uboot`. */
const PLATFORM = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/** The architecture that the machine itself reports replaces this one. */
function architectureOf(args: Args): string | undefined {
  const text = args.text('architecture');
  if (!text) return undefined;
  const [name = '', platform = args.text('subarchitecture') || 'generic', ...more] = text.split('/');
  const isKnown = ARCHITECTURES.some((known) => known === name) && PLATFORM.test(platform) && more.length === 0;
  if (isKnown) return `${name}/${platform}`;
  const choices = ARCHITECTURES.map((known) => `'${known}/generic'`).join(', ');
  return badValue(
    'architecture',
    `'${text}' is not a valid architecture.  It should be one of: ${choices}`,
    'NAME/PLATFORM',
  );
}
