/**
 * Boot files by the names that machines ask for, and where Debian's packages (ipxe, shim-signed, grub-efi-amd64-signed) have them. They are given
 * out from there: what a package brings is in force at once, and there is no copy that could be an old one or a broken one.
 */
export const BOOT_FILE_PATHS: Readonly<Record<string, string>> = {
  'undionly.kpxe': '/usr/lib/ipxe/undionly.kpxe',
  'snponly.efi': '/usr/lib/ipxe/snponly.efi',
  'ipxe.efi': '/usr/lib/ipxe/ipxe-amd64.efi',
  'ipxe-arm64.efi': '/usr/lib/ipxe/ipxe-arm64.efi',
  // Secure Boot: shim asks for the second name, in the folder that it came from.
  'bootx64.efi': '/usr/lib/shim/shimx64.efi.signed',
  'grubx64.efi': '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
};

/** Regent's own folder of tftpd. */
export const FOLDER = '/etc/regent/tftp';

/** First scripts of loaders by the names that machines request, and where Regent writes them. */
export const FIRST_SCRIPTS = {
  'grub/grub.cfg': `${FOLDER}/grub/grub.cfg`,
  'autoexec.ipxe': `${FOLDER}/autoexec.ipxe`,
} as const;

/** All that is given out, with its paths. */
export function bootFiles(): readonly { readonly name: string; readonly path: string }[] {
  return Object.entries({ ...BOOT_FILE_PATHS, ...FIRST_SCRIPTS }).map(([name, path]) => ({ name, path }));
}
