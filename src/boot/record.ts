import Type, { type Static } from 'typebox';

const NAME = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' });
const MAC = Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$' });
const UUID = Type.String({ pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
/** Below the root of the rack's web server; images are named by the digest of their manifest. */
const IMAGE_FILE = Type.String({ pattern: '^images/[0-9a-f]{64}/[a-z0-9][a-z0-9._-]{0,60}$' });
/** A parameter of the kernel: neither iPXE nor GRUB gives one of its characters a meaning. */
const PARAMETER = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?:=[A-Za-z0-9._:/=?,%@+-]{0,180})?$' });

/** The same of an operator: more characters, none of which is special to them either (`model/machines/tags/kernel-options.ts`). */
const OPTION = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?:=[A-Za-z0-9!%+,./:=?@_~-]{0,180})?$' });

/** Below the root of the rack's web server, which asks a region. */
const METADATA = Type.String({ pattern: '^MAAS/metadata/[A-Za-z0-9._/=?-]{0,200}$' });

/** What a machine boots: kernel and initrd, and a root file system where the initrd wants one. */
export const BootImage = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._/-]{0,60}$' }),
  architecture: Type.Union([Type.Literal('amd64'), Type.Literal('arm64')]),
  kernel: IMAGE_FILE,
  initrd: IMAGE_FILE,
  root: Type.Optional(IMAGE_FILE),
});
export type BootImage = Static<typeof BootImage>;

/**
 * An image whose root comes by iSCSI: the rack's target, and what the initrd needs for it besides. `initrd` left out: the image has no such part, so the
 * machine waits and says so.
 */
const Iscsi = Type.Object({
  target: Type.String({ pattern: '^iqn\\.[0-9]{4}-[0-9]{2}\\.[a-z0-9.:-]{1,200}$' }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  initrd: Type.Optional(IMAGE_FILE),
});

/** An image, its parameters, and where below the rack's relay the machine finds its metadata. No secret: scripts go over plain HTTP. */
export const BootPlan = Type.Object({
  image: BootImage,
  parameters: Type.Array(PARAMETER, { maxItems: 40 }),
  /** What operators add for this machine; a member of its own, so that a rack of a release before takes the record without it. Left out: nothing. */
  options: Type.Optional(Type.Array(OPTION, { maxItems: 2000 })),
  metadata: METADATA,
  /** Where its credentials are. Left out: it needs none. */
  credentials: Type.Optional(METADATA),
  /** Left out: the root comes by HTTP. */
  iscsi: Type.Optional(Iscsi),
});
export type BootPlan = Static<typeof BootPlan>;

/**
 * What a rack knows of a machine that may boot from it: part of the rack's desired state, so it answers with all regions down. `state`: the machine's
 * state in its life; one that this release does not know makes the machine wait. `until`: seconds since 1970, after which a state that was to
 * pass has failed. `idle`: what the machine does while there is nothing to do for it. `boots`: one for each architecture that has an
 * image, because only the firmware knows a machine's for sure; missing if there is no image.
 */
export const BootRecord = Type.Object({
  machine: Type.String({ pattern: '^[a-z0-9]{6}$' }),
  hostname: NAME,
  macs: Type.Array(MAC, { minItems: 1, maxItems: 64 }),
  /** From its inventory; left out: not known. */
  uuid: Type.Optional(UUID),
  state: Type.String({ pattern: '^[a-z](?:[a-z-]{0,38}[a-z])?$' }),
  until: Type.Optional(Type.Integer({ minimum: 0 })),
  idle: Type.Optional(Type.Union([Type.Literal('off'), Type.Literal('local')])),
  boots: Type.Optional(Type.Array(BootPlan, { minItems: 1, maxItems: 4 })),
});
export type BootRecord = Static<typeof BootRecord>;
