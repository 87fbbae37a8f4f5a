/**
 * Roles. An operator runs the site; a user allocates and deploys own machines; an auditor reads everything and changes
 * nothing.
 */
export const ROLES = ['admin', 'operator', 'user', 'auditor'] as const;

export type Role = (typeof ROLES)[number];

/** Characters of a user's name, as in MAAS. */
export const USER_NAME_MOST = 150;
