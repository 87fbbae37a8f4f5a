import { join } from 'node:path';
import { lineOf, readMessages } from './kit/messages/read.ts';

/** `npm run messages`: every text that a user reads, one a line: place, kind, text. For whoever reads them aloud. */
process.stdout.write(
  `${readMessages(join(import.meta.dirname, '..'))
    .map(lineOf)
    .join('\n')}\n`,
);
