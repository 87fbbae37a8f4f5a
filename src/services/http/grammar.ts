import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, MARK, NUMBER, oneOf } from '../kit/grammar/patterns.ts';
import { bootFiles } from '../tftp/boot-files.ts';

/** nginx gives out what an `alias` names, and reads what an `include` names: only boot files have a path here. */
export const NGINX_GRAMMAR: FileGrammar = {
  names: 'nginx\\.conf',
  values: {
    cacheMb: NUMBER,
    'regions.address': ADDRESS,
    'regions.port': NUMBER,
    port: NUMBER,
    'files.name': oneOf(...bootFiles().map(({ name }) => name)),
    'files.path': oneOf(...bootFiles().map(({ path }) => path)),
    mark: MARK,
  },
};
