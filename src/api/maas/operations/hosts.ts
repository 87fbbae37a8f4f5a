import type { Args } from '../args.ts';
import type { Look } from '../look.ts';
import { FIRST } from './defaults.ts';
import { badValue } from './refusals.ts';

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

/** What the machine tells itself counts more, once it does. */
function architectureOf(args: Args): string | undefined {
  const text = args.text('architecture');
  if (!text || text.includes('/')) return text || undefined;
  return `${text}/${args.text('subarchitecture') || 'generic'}`;
}

/** The domain of a full name; undefined: it is a host name alone. */
export function domainIn(hostname: string): string | undefined {
  const dot = hostname.indexOf('.');
  return dot === -1 ? undefined : hostname.slice(dot + 1);
}

/** A full name is cut: its domain is named beside it. */
export function nameOf(hostname: string): string {
  return hostname.split('.')[0] ?? hostname;
}

/** Name of the domain that is meant by id or name; the default one when none is. */
export async function domainName(look: Look, text: string | undefined): Promise<string> {
  const domains = await look.domains();
  const found =
    text && text !== FIRST
      ? domains.find(({ id, name }) => name === text.toLowerCase() || String(id) === text)
      : domains.find(({ isDefault }) => isDefault);
  return found?.name ?? badValue('domain', `there is no domain ${text}`, 'name or id of a domain');
}
