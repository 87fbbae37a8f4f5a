/**
 * By what a machine gets the root file system of an image that it boots: `http`, into its memory; or `iscsi`, as a disk of its rack's that can only be read,
 * which leaves its memory free.
 */
export const BOOT_MEDIA = ['http', 'iscsi'] as const;
export type BootMedia = (typeof BOOT_MEDIA)[number];

/**
 * The part of an image that the initrd needs for iSCSI besides (`scripts/build-image`); an image without it goes only
 * by HTTP.
 */
export const ISCSI_PART = 'iscsi.img';

/** A root file system is a squashfs. */
const ROOT = /\.squashfs$/;

/** A file of an image, and its SHA-256 in lower-case hex. */
type ImageFile = { readonly name: string; readonly sha256: string };

/** The root file system among an image's files; null: it has none, all of it lies in its initrd. */
export function rootOf(files: readonly ImageFile[]): ImageFile | null {
  return files.find(({ name }) => ROOT.test(name)) ?? null;
}

/** The iSCSI name of an image's root (RFC 3721 §1.1: a date and a domain that nobody else names targets by; `internal` is everybody's own). */
export function iscsiTarget(digest: string): string {
  return `iqn.2026-11.internal.regent:${digest}`;
}
