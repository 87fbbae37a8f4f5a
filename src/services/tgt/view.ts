import { iscsiTarget } from '../../model/images/boot-media.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import type { TgtDesired } from './desired.ts';
import { TARGETS_GRAMMAR } from './grammar.ts';

/** Regent's own folder of tgtd. */
export const FOLDER = '/etc/regent/tgt';
/** What is given out: `ha/tgt/targets` reads it when tgtd starts, and with each reload. */
export const TARGETS = `${FOLDER}/targets`;

/** What the template of `tgt` sees. */
export interface TgtView {
  readonly filesPort: number;
  readonly portals: readonly string[];
  readonly networks: readonly string[];
  readonly images: readonly {
    readonly digest: string;
    readonly file: string;
    readonly sha256: string;
    readonly target: string;
  }[];
}

/** One file. What stands in it everybody on these networks may ask tgtd. */
export const TGT_FILES: readonly FileSpec<TgtView>[] = [
  groupFile({ template: 'targets.hbs', target: TARGETS, mode: 0o644, group: 'root', grammar: TARGETS_GRAMMAR }),
];

/** Makes the template's view of a desired state. */
export function viewTgt(desired: TgtDesired): TgtView {
  return {
    filesPort: desired.filesPort,
    portals: portalsOf(desired),
    networks: networksOf(desired),
    images: desired.images.map((image) => ({ ...image, target: iscsiTarget(image.digest) })),
  };
}

/** Where tgtd listens, as it says it itself. */
export function portalsOf({ addresses, port }: Pick<TgtDesired, 'addresses' | 'port'>): readonly string[] {
  return addresses.map((address) => `${address}:${port}`);
}

/** Who may log in, as tgtd takes it: it knows no network of one address by a prefix (its `netmask_match`). */
export function networksOf({ networks }: Pick<TgtDesired, 'networks'>): readonly string[] {
  return networks.map((network) => network.replace(/\/32$/, ''));
}
