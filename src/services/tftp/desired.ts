import Type, { type Static } from 'typebox';

/** What TFTP gives out on a rack: loaders of Debian's packages, and GRUB's first script, which asks the boot listener at `listenerPort`. */
export const TftpDesired = Type.Object({ listenerPort: Type.Integer({ minimum: 1, maximum: 65_535 }) });
export type TftpDesired = Static<typeof TftpDesired>;
