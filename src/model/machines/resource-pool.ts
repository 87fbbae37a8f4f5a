import type { Rejected } from '../../core/errors.ts';
import { parseZoneName, ZONE_RULE } from './zone.ts';

/** The grammar of the name of a resource pool: that of zones. */
export const POOL_RULE = ZONE_RULE;

/** Parses a resource pool's name. */
export const parsePoolName = (text: string, field = 'name'): string | Rejected => parseZoneName(text, field);
