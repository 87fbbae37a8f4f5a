import type { OutputFormat } from './format/output.ts';

/** Options that every command takes. */
export type GlobalOptions = { readonly output?: OutputFormat; readonly url?: string; readonly context?: string };
