import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { MARK, NUMBER, oneOf } from '../kit/grammar/patterns.ts';
import { bootFiles, FIRST_SCRIPTS } from './boot-files.ts';

/** tftpd starts as root and gives out what the map names: boot files, and nothing else. */
export const MAP_GRAMMAR: FileGrammar = {
  names: 'map',
  values: {
    'files.parts': oneOf(...bootFiles().flatMap(({ name }) => name.split('/'))),
    'files.path': oneOf(...bootFiles().map(({ path }) => path)),
    mark: MARK,
    probeFile: oneOf(FIRST_SCRIPTS['grub/grub.cfg']),
  },
};

export const GRUB_GRAMMAR: FileGrammar = { names: 'grub/grub\\.cfg', values: { listenerPort: NUMBER } };

export const IPXE_GRAMMAR: FileGrammar = { names: 'autoexec\\.ipxe', values: {} };
