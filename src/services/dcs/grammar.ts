import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { textRule } from '../kit/grammar/json.ts';
import { ADDRESS, EPOCH, HOST, NUMBER, PLACE, quoted, SIGNATURE } from '../kit/grammar/patterns.ts';

const URL = `https://${PLACE}`;
const CLUSTER = '[a-z0-9][a-z0-9-]{0,62}';

export const ETCD_GRAMMAR: FileGrammar = {
  names: 'etcd\\.yml',
  values: {
    name: quoted(HOST),
    peerUrl: quoted(URL),
    clientUrl: `${URL}|"${URL}"`,
    localUrl: URL,
    quotaBytes: NUMBER,
    serverName: quoted(HOST),
    clientsFile: '/etc/regent/pki/ca\\.crt|/etc/etcd/regent/clients\\.crt',
    'inner.revocationsFile': quoted('/etc/etcd/regent/revoked\\.crl'),
  },
};

export const MEMBERS_GRAMMAR: FileGrammar = {
  names: 'members\\.yml',
  values: {
    clusterId: quoted(CLUSTER),
    state: '"new"|"existing"',
    members: quoted(`${HOST}=${URL}(?:,${HOST}=${URL})*`),
  },
};

const text = (pattern: string) => textRule(pattern, 2048);

/** `ha/epoch` reads it as root; the signature is the cluster's. */
export const EPOCH_GRAMMAR: FileGrammar = {
  names: 'epoch\\.json',
  members: {
    epoch: text(EPOCH),
    signature: text(SIGNATURE),
    lost: { kind: 'list', max: 256, of: { kind: 'object', members: { name: text(HOST), address: text(ADDRESS) } } },
  },
};
