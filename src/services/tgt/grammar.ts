import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { NUMBER } from '../kit/grammar/patterns.ts';

const IPV4 = '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}';
const DIGEST = '[0-9a-f]{64}';

/** `ha/tgt` makes backing stores of images in its own folder: `file` is a name of one, never a path. */
export const TARGETS_GRAMMAR: FileGrammar = {
  names: 'targets',
  values: {
    filesPort: NUMBER,
    portals: `${IPV4}:[0-9]{1,5}`,
    networks: `${IPV4}(?:/[0-9]{1,2})?`,
    'images.target': 'iqn\\.[a-z0-9.-]{1,100}:[a-z0-9.:-]{1,120}',
    'images.digest': DIGEST,
    'images.file': '[a-z0-9][a-z0-9._-]{0,60}',
    'images.sha256': DIGEST,
  },
};
