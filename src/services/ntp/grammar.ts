import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { NETWORK, NUMBER } from '../kit/grammar/patterns.ts';

/** As in the desired state: no blanks, nothing that starts a comment or a path. */
const SERVER = '[a-z0-9_*:][a-z0-9._:-]{0,252}';

/** chronyd starts as root; `include`, `keyfile` and `hwclockfile` would name files, `mailonchange` a program. */
export const CHRONY_GRAMMAR: FileGrammar = { names: 'chrony\\.conf', values: { stratum: NUMBER, clients: NETWORK } };

/** Its time sources. */
export const SOURCES_GRAMMAR: FileGrammar = { names: 'regent\\.sources', values: { servers: SERVER, regions: SERVER } };
