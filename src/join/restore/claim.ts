import { AppError, sentenceOf } from '../../core/errors.ts';
import { parseObject } from '../texts.ts';
import type { HostPorts } from '../ports.ts';
import { pgbackrest } from './store.ts';

/*
 * Restores of one site on two hosts do not see each other before they serve, but both see the store. So each puts a file without content there, whose
 * name says who restores: `claims/EPOCH_NAME_ADDRESS`, with `_done` once the site serves. Of those that are at it the first one goes on.
 */
const FOLDER = 'claims';
const NAME = /^([0-9a-f]{8})_([a-z0-9-]{1,63})_([0-9a-f.-]{2,45})(_done)?$/;

/** A restore that the store knows of. `at`: by the store's clock, ms. */
export interface Claim {
  readonly epochId: string;
  readonly name: string;
  readonly address: string;
  readonly isDone: boolean;
  readonly at: number;
}

/** Who restores. */
type Claimant = Pick<Claim, 'epochId' | 'name' | 'address'>;

/** A colon stands in no file's name of every store. */
const fileOf = ({ epochId, name, address }: Claimant, isDone = false) =>
  `${FOLDER}/${epochId}_${name}_${address.replaceAll(':', '-')}${isDone ? '_done' : ''}`;

/** Restores that the store knows of, the first one first. */
export async function readClaims(ports: HostPorts): Promise<readonly Claim[]> {
  const listed = (parseObject(await pgbackrest(ports, ['repo-ls', FOLDER, '--output=json'])) ?? {}) as Readonly<
    Record<string, { readonly time?: number }>
  >;
  const claims = Object.entries(listed).flatMap(([file, { time = 0 }]) => {
    const [, epochId = '', name = '', address = '', done] = NAME.exec(file) ?? [];
    if (epochId === '') return [];
    return [{ epochId, name, address: address.replaceAll('-', ':'), isDone: done !== undefined, at: time * 1000 }];
  });
  return claims.toSorted((a, b) => a.at - b.at || (a.epochId < b.epochId ? -1 : 1));
}

/** The restore of another host that is at it and was first; null: ours is. Pure. */
export function rivalOf(claims: readonly Claim[], own: string): Claim | null {
  const [first] = claims.filter(({ isDone }) => !isDone);
  return first === undefined || first.epochId === own ? null : first;
}

/** What a person does about another restore. */
export function rivalSentence({ name, address, at }: Claim): string {
  const startedAt = new Date(at).toISOString().slice(0, 19);
  return `Another restore of this site started on ${name} (${address}) at ${startedAt}Z. Only one host may restore it. Complete it there, or end it, clean that host (scripts/uninstall --purge), and give here: --supersede ${name}`;
}

/** Puts this restore into the store. False: the store takes no file, so another restore is not seen. */
export async function putClaim(ports: HostPorts, claimant: Claimant): Promise<boolean> {
  try {
    await pgbackrest(ports, ['repo-put', fileOf(claimant)]);
    return true;
  } catch (error) {
    ports.say(
      `warning: the store takes no file (${sentenceOf(error)}), so a restore on another host would not be seen.`,
    );
    return false;
  }
}

/** Does this restore still have its claim, as the first one? Throws if another one has its place. */
export async function mustHaveClaim(ports: HostPorts, { epochId }: Claimant): Promise<void> {
  const claims = await readClaims(ports);
  const rival = rivalOf(claims, epochId);
  if (rival !== null) throw new AppError('init', rivalSentence(rival));
  if (!claims.some((one) => one.epochId === epochId))
    throw new AppError('init', 'Another host has superseded this restore. Clean this host: scripts/uninstall --purge');
}

/** Removes claims of unfinished restores on a host that is superseded, or our own. */
export async function removeClaims(ports: HostPorts, claims: readonly Claimant[]): Promise<void> {
  for (const claim of claims) await pgbackrest(ports, ['repo-rm', fileOf(claim)]);
}

/** The site serves: the claim stays, because a later restore checks its host. */
export async function completeClaim(ports: HostPorts, claimant: Claimant): Promise<void> {
  await pgbackrest(ports, ['repo-put', fileOf(claimant, true)]);
  await removeClaims(ports, [claimant]);
}
