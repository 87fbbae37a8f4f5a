import { type Rejected, rejected } from '../../core/errors.ts';
import type { Node } from './node.ts';
import type { KnownRack } from './registration.ts';
import type { Applicant } from './joining.ts';

/**
 * The place of a lost node, reserved for the host that takes it: its name and its roles. `nodeId`: of a rack's row, which waits for its new
 * host; null: the node's row is gone, and its host becomes a new node.
 */
export interface NodePlace {
  readonly name: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly nodeId: string | null;
}

/** What settles as whom a host takes a place. `own`: id of the node that this token has let in already. */
export interface PlaceSite {
  readonly places: readonly NodePlace[];
  readonly nodes: readonly Node[];
  readonly racks: readonly KnownRack[];
  readonly own: string | null;
}

/**
 * The host as the node whose place it takes: under that name, and as that rack. `name`: the place that its token names, null for a token that
 * names none. Refuses a place that is no longer reserved, and a reserved name without its token.
 */
export function takePlace(
  { places, nodes, racks, own }: PlaceSite,
  name: string | null,
  applicant: Applicant,
): Applicant | Rejected {
  const self = own === null ? undefined : nodes.find((node) => node.id === own);
  if (name === null) {
    const isReserved = places.some((place) => place.name === applicant.name) && self?.name !== applicant.name;
    return isReserved
      ? rejected('conflict', `${explainReservedName(applicant.name)} Give this host another name: --name.`)
      : applicant;
  }
  const place = places.find((one) => one.name === name);
  if (!place && !self)
    return rejected(
      'conflict',
      `The place of ${name} is no longer reserved. An admin makes another token: regent token create.`,
    );
  const id = place?.nodeId ?? self?.id ?? null;
  const former = id === null ? undefined : racks.find((rack) => rack.nodeId === id);
  const rack =
    applicant.rack && former ? { ...applicant.rack, uuid: former.uuid, proof: 'place' as const } : applicant.rack;
  return { ...applicant, name, rack };
}

/** Why nobody else gets this name, and what an admin can do. */
export function explainReservedName(name: string): string {
  return (
    `The name ${name} is reserved for the host that takes the place of ${name}: regent node replace ${name} gives its token. ` +
    `To give up the reservation: regent node remove ${name}.`
  );
}
