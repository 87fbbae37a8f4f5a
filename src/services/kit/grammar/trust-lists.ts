import type { FileGrammar } from './grammar.ts';

/** A line of a PEM file. */
const BASE64 = '[A-Za-z0-9+/]{1,64}={0,2}';

/** Whom a daemon lets in: one certificate. */
export const CLIENTS_GRAMMAR: FileGrammar = { names: 'clients\\.crt', values: { authority: BASE64 } };

/** Which certificates are revoked: one signed list. */
export const REVOKED_GRAMMAR: FileGrammar = { names: 'revoked\\.crl', values: { revocations: BASE64 } };
