import { json } from '../../answer.ts';
import type { Handlers } from '../../handler.ts';
import { VERSION } from '../../describe.ts';

/** What anybody may ask. */
export const VERSION_HANDLERS: Handlers = { 'Version.read': async () => json(VERSION) };
