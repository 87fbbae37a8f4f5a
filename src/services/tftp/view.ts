import { digestOf } from '../../core/stable-json.ts';
import type { FileSpec } from '../kit/contract.ts';
import { BOOT_FILE_PATHS, bootFiles, FIRST_SCRIPTS, FOLDER } from './boot-files.ts';
import type { TftpDesired } from './desired.ts';
import { GRUB_GRAMMAR, IPXE_GRAMMAR, MAP_GRAMMAR } from './grammar.ts';

/** Which names are given out: read when tftpd starts, and with each reload. */
export const MAP = `${FOLDER}/map`;
/** GRUB's first script, which nginx also serves. It is read at each request. */
export const GRUB_CFG = FIRST_SCRIPTS['grub/grub.cfg'];
/** The first script of iPXE on UEFI, which asks for it by this name (iPXE's src/interface/efi/efi_autoexec.c). */
export const AUTOEXEC = FIRST_SCRIPTS['autoexec.ipxe'];

/** What the templates of `tftp` see. */
export interface TftpView {
  readonly listenerPort: number;
  readonly mark: string;
  readonly files: readonly { readonly parts: readonly string[]; readonly path: string }[];
  readonly probeFile: string;
}

const READABLE = { mode: 0o644, owner: 'root', group: 'root' } as const;

/** The scripts first: the map names them. Everybody may read what everybody on the network gets. */
export const TFTP_FILES: readonly FileSpec<TftpView>[] = [
  // iPXE recognises a script only by its first line.
  {
    ...READABLE,
    template: 'autoexec.ipxe.hbs',
    comment: null,
    grammar: IPXE_GRAMMAR,
    instances: (view) => [{ target: AUTOEXEC, view }],
  },
  { ...READABLE, template: 'grub.cfg.hbs', grammar: GRUB_GRAMMAR, instances: (view) => [{ target: GRUB_CFG, view }] },
  { ...READABLE, template: 'map.hbs', grammar: MAP_GRAMMAR, instances: (view) => [{ target: MAP, view }] },
];

/** Names a configuration: the running map knows a file by it. */
export function markOf(desired: TftpDesired): string {
  return digestOf([desired, BOOT_FILE_PATHS, FIRST_SCRIPTS]).slice(0, 16);
}

/** Makes the templates' view of a desired state. */
export function viewTftp(desired: TftpDesired): TftpView {
  return {
    ...desired,
    mark: markOf(desired),
    files: bootFiles().map(({ name, path }) => ({ parts: name.split('/'), path })),
    probeFile: GRUB_CFG,
  };
}
