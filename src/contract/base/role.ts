/** Roles (api.md §3): an operator runs the site, a user looks, an auditor looks at everything and changes nothing. */
export const ROLES = ['admin', 'operator', 'user', 'auditor'] as const;

export type Role = (typeof ROLES)[number];

/** Characters of a user's name, as in MAAS. */
export const USER_NAME_MOST = 150;
