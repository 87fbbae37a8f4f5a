import { invalid, isRejected, type Rejected, rejected, show } from '../../core/errors.ts';

/** A release of the product by its version (semver.org 2.0.0); what follows "-" or "+" does not count. */
export type Release = { readonly major: number; readonly minor: number; readonly patch: number };

/** Parses a version. */
export function parseRelease(text: string, field = 'version'): Release | Rejected {
  const [, major, minor, patch] = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+][0-9A-Za-z.+-]{1,64})?$/.exec(text) ?? [];
  if (major === undefined) return invalid(field, `${show(text)} is not a version`, 'MAJOR.MINOR.PATCH, such as 1.2.3');
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/**
 * Null, or why a host of this version cannot join. A region node has the release of the others or the one after it:
 * these two run side by side. A rack is never newer than the regions, and at most one release older. A release is MAJOR.MINOR.
 */
export function checkRelease(host: string, region: string, role: 'region' | 'rack'): Rejected | null {
  const theirs = parseRelease(host);
  if (isRejected(theirs)) return theirs;
  const ours = parseRelease(region);
  if (isRejected(ours)) return ours;
  const isNext = isAfter(theirs, ours);
  const isSame = areSame(theirs, ours);
  const isFine = role === 'region' ? isSame || isNext : (isSame && theirs.patch <= ours.patch) || isAfter(ours, theirs);
  if (isFine) return null;
  const rule =
    role === 'region'
      ? 'a region node has the release of the other region nodes or the next release'
      : 'a rack is not newer than the region nodes, and at most one release older';
  return rejected(
    'conflict',
    `This host has version ${show(host)}, the region nodes have ${region}. Rule: ${rule}. Install that release on the host first.`,
  );
}

/**
 * Null, or why hosts of version `from` cannot be upgraded to `to`: the same release or the next one. A release that is skipped has migrations that no host
 * has tried. What follows `+` is a digest, and has no order.
 */
export function checkUpgrade(from: string, to: string): Rejected | null {
  const [before, after] = [parseRelease(from), parseRelease(to)];
  if (isRejected(before)) return before;
  if (isRejected(after)) return after;
  const isSame = areSame(before, after);
  if ((isSame && after.patch >= before.patch) || isAfter(after, before)) return null;
  const isOlder =
    after.major < before.major || (after.major === before.major && (isSame || after.minor < before.minor));
  const problem = `${show(to)} is ${isOlder ? 'older than' : 'more than one release after'} ${show(from)}.`;
  const remedy = isOlder ? 'To go back: regent upgrade back.' : 'Upgrade to the release between them first.';
  return rejected('conflict', `${problem} Rule: the same release or the next one. ${remedy}`);
}

/** Are these two of one release, MAJOR.MINOR? */
export function isSameRelease(one: string, other: string): boolean {
  const [a, b] = [parseRelease(one), parseRelease(other)];
  return !isRejected(a) && !isRejected(b) && areSame(a, b);
}

const areSame = (a: Release, b: Release): boolean => a.major === b.major && a.minor === b.minor;

/** Is `a` the release right after `b`? */
function isAfter(a: Release, b: Release): boolean {
  return a.major === b.major ? a.minor === b.minor + 1 : a.major === b.major + 1 && a.minor === 0;
}
