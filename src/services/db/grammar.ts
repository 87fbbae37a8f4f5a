import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, HOST, NETWORK, PLACE, quoted } from '../kit/grammar/patterns.ts';

/** Patroni starts programs: callbacks, `post_init`, `restore_command`, `archive_command`. Only the template names any. */
export const PATRONI_GRAMMAR: FileGrammar = {
  names: 'patroni\\.yml',
  values: {
    name: quoted(HOST),
    restPlace: quoted(PLACE),
    allowed: quoted(ADDRESS),
    etcdWay: quoted(PLACE),
    etcdPlaces: quoted(PLACE),
    listen: quoted('[0-9a-f.:,[\\]]{2,110}'),
    databasePlace: quoted(PLACE),
    clientsFile: '/etc/regent/pki/ca\\.crt|/etc/patroni/regent/clients\\.crt',
    'inner.revocationsFile': '/etc/patroni/regent/revoked\\.crl',
    networks: NETWORK,
  },
};

/** What all members share; Patroni would take any parameter of PostgreSQL from it. */
export const DYNAMIC_GRAMMAR: FileGrammar = {
  names: 'dynamic\\.json',
  members: {
    version: { kind: 'whole', least: 1, most: Number.MAX_SAFE_INTEGER },
    isSynchronous: { kind: 'flag' },
    standbys: { kind: 'whole', least: 1, most: 2 },
  },
};

/** Serial numbers of revoked certificates, hexadecimal, one each line. */
export const SERIALS_GRAMMAR: FileGrammar = { names: 'revoked\\.serials', values: { serials: '[0-9a-f]{1,40}' } };
