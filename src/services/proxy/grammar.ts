import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, MARK, NAME, NETWORK, NUMBER } from '../kit/grammar/patterns.ts';

/** Squid starts as root; helpers (`auth_param`, `external_acl_type`), `include` and logs would name programs and files. */
export const SQUID_GRAMMAR: FileGrammar = {
  names: 'squid\\.conf',
  values: {
    name: NAME,
    port: NUMBER,
    resolvers: ADDRESS,
    clients: NETWORK,
    closed: `${ADDRESS}|${NETWORK}`,
    closedNames: '[a-z0-9_.-]{1,253}',
    nodes: ADDRESS,
    nodeNames: NAME,
    mark: MARK,
    parentHost: `${ADDRESS}|${NAME}`,
    parentPort: NUMBER,
    objectMb: NUMBER,
    cacheMb: NUMBER,
  },
};
