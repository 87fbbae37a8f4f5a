import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { textRule } from '../kit/grammar/json.ts';
import { ADDRESS, HOST, INTERFACE, NETWORK, NUMBER } from '../kit/grammar/patterns.ts';

/** keepalived runs as root and could start scripts (`notify`, `vrrp_script`) and read files (`include`). */
export const KEEPALIVED_GRAMMAR: FileGrammar = {
  names: 'keepalived\\.conf',
  values: {
    name: HOST,
    interface: INTERFACE,
    router: NUMBER,
    priority: NUMBER,
    address: ADDRESS,
    'peers.address': ADDRESS,
    vip: NETWORK,
    vipInterface: INTERFACE,
  },
};

const text = (pattern: string) => textRule(pattern, 128);

/** The health program (`ha/vip`) reads it. */
export const HEALTH_GRAMMAR: FileGrammar = {
  names: 'health\\.json',
  members: {
    clusterId: text('[a-z0-9][a-z0-9-]{0,62}'),
    name: text(HOST),
    address: text(ADDRESS),
    bareVip: text(ADDRESS),
    isMember: { kind: 'flag' },
    isDrained: { kind: 'flag' },
    peers: { kind: 'list', max: 256, of: { kind: 'object', members: { name: text(HOST), address: text(ADDRESS) } } },
  },
};
