import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, NAME, NETWORK, NUMBER, oneOf, quoted } from '../kit/grammar/patterns.ts';

const FOLDER = '/etc/bind/regent';
const KEY = quoted('[a-z0-9][a-z0-9-]{0,62}');
const ZONE_NAME = quoted(NAME);
const ZONE_FILE = quoted(
  `${FOLDER}/(?:zones/[a-z0-9._*-]{1,255}|zones/long/[a-z0-9._*-]{1,255}/[a-z0-9._*-]{1,255}|local/[a-z0-9]{1,30})`,
);
const ALGORITHM = 'hmac-sha(?:1|224|256|384|512)|hmac-md5';
const SECRET = quoted('[A-Za-z0-9+/]{16,88}={0,2}');
const SOURCE = `${ADDRESS}|${NETWORK}`;

/** named reads what `include`, `file` and `journal` name, and obeys whom `controls` lets in. */
export const NAMED_GRAMMAR: FileGrammar = {
  names: '(?:check/)?named\\.conf',
  values: {
    'keys.name': KEY,
    'keys.algorithm': ALGORITHM,
    'keys.secret': SECRET,
    keysFile: quoted(oneOf(`${FOLDER}/keys.conf`)),
    localFile: quoted(oneOf(`${FOLDER}/local.conf`)),
    clients: NETWORK,
    'copies.key': KEY,
    'copies.catalog': ZONE_NAME,
    'copies.primaries.address': ADDRESS,
    'copies.primaries.key': KEY,
    forwarders: ADDRESS,
    dnssecValidation: 'auto|yes|no',
    'forwarded.zone': ZONE_NAME,
    'forwarded.servers.address': ADDRESS,
    'forwarded.servers.port': NUMBER,
    disabledZones: ZONE_NAME,
    rateLimit: NUMBER,
    'zones.name': ZONE_NAME,
    'zones.file': ZONE_FILE,
    'zones.journal': quoted('/var/cache/bind/ixfr-[0-9a-f]{40}'),
    'zones.rackKey': KEY,
    'zones.key': KEY,
    'zones.places': SOURCE,
    'zones.notified.address': ADDRESS,
    'zones.notified.key': KEY,
  },
};

export const KEYS_GRAMMAR: FileGrammar = {
  names: 'keys\\.conf',
  values: { 'keys.name': KEY, 'keys.algorithm': ALGORITHM, 'keys.secret': SECRET },
};

export const LOCAL_CONF_GRAMMAR: FileGrammar = {
  names: 'local\\.conf',
  values: { 'zones.name': ZONE_NAME, 'zones.file': ZONE_FILE },
};

export const LOCAL_GRAMMAR: FileGrammar = { names: 'local/[a-z0-9]{1,30}', values: { negativeTtl: NUMBER } };

const STRING = '"(?:[ !#-\\[\\]-~]|\\\\[0-9]{3}|\\\\["\\\\])*"';

/** A `$INCLUDE` is no owner of a record, and a datum has no path. */
export const ZONE_GRAMMAR: FileGrammar = {
  names: 'zones/(?:[a-z0-9._*-]{1,255}|long/[a-z0-9._*-]{1,255}/[a-z0-9._*-]{1,255})',
  values: {
    name: NAME,
    ttl: NUMBER,
    primary: NAME,
    contact: NAME,
    serial: NUMBER,
    negativeTtl: NUMBER,
    'records.name': `@|\\*|${NAME}`,
    'records.ttl': NUMBER,
    'records.type': '[A-Z]{1,10}',
    'records.texts': `${STRING}(?: ${STRING})*`,
    'records.data': `${ADDRESS}|${NAME}\\.`,
    'records.words': `[0-9a-f]{1,64}|\\.|${NAME}\\.`,
  },
};
