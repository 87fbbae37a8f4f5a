import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, EPOCH, HOST, MARK, quoted, SIGNATURE } from '../kit/grammar/patterns.ts';

/** haproxy could load programs (`lua-load`, `external-check`) and show any file of its user. */
export const HAPROXY_GRAMMAR: FileGrammar = {
  names: 'haproxy\\.cfg',
  values: {
    mark: MARK,
    name: HOST,
    'regions.name': HOST,
    'regions.address': ADDRESS,
    epoch: quoted(EPOCH),
    signature: quoted(SIGNATURE),
  },
};
