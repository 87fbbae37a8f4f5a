import { PORTS } from '../../model/cluster/cluster.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import { innerFile, type InnerView, innerView } from '../kit/inner-trust.ts';
import type { DbDesired } from './desired.ts';
import { CLIENTS_GRAMMAR, REVOKED_GRAMMAR } from '../kit/grammar/trust-lists.ts';
import { DYNAMIC_GRAMMAR, PATRONI_GRAMMAR, SERIALS_GRAMMAR } from './grammar.ts';

/** Regent's own folder of Patroni. */
export const FOLDER = '/etc/patroni/regent';
/** This host's part. */
export const PATRONI_YML = `${FOLDER}/patroni.yml`;
/** The configuration that all members share: etcd keeps it, `ha/postgres/dynamic` puts it there. */
export const DYNAMIC_JSON = `${FOLDER}/dynamic.json`;

/** The authority by which PostgreSQL and Patroni take clients. */
export const CLIENTS_CRT = `${FOLDER}/clients.crt`;
/** Certificates that PostgreSQL takes from nobody; it reads them at a reload. */
export const REVOKED_CRL = `${FOLDER}/revoked.crl`;
/** Their serial numbers, a line each: Patroni reads them for each connection (`ha/postgres/patroni`). */
export const REVOKED_SERIALS = `${FOLDER}/revoked.serials`;

/** What the templates of `db` see. Places are `ADDRESS:PORT`, networks one address each. */
export interface DbView {
  readonly name: string;
  readonly restPlace: string;
  readonly databasePlace: string;
  readonly listen: string;
  readonly etcdWay: string;
  readonly etcdPlaces: readonly string[];
  readonly allowed: readonly string[];
  readonly networks: readonly string[];
  readonly clientsFile: string;
  /** Empty: every node of the cluster is let in. */
  readonly inner: readonly (InnerView & { readonly serials: readonly string[] })[];
  readonly version: number;
  readonly isSynchronous: boolean;
  readonly standbys: number;
}

/** Both files by their templates. root owns them, Patroni may read them. */
export const DB_FILES: readonly FileSpec<DbView>[] = [
  groupFile({
    template: 'dynamic.json.hbs',
    target: DYNAMIC_JSON,
    group: 'postgres',
    format: 'json',
    grammar: DYNAMIC_GRAMMAR,
  }),
  innerFile({ template: 'clients.crt.hbs', target: CLIENTS_CRT, group: 'postgres', grammar: CLIENTS_GRAMMAR }),
  innerFile({ template: 'revoked.crl.hbs', target: REVOKED_CRL, group: 'postgres', grammar: REVOKED_GRAMMAR }),
  innerFile({ template: 'revoked.serials.hbs', target: REVOKED_SERIALS, group: 'postgres', grammar: SERIALS_GRAMMAR }),
  groupFile({ template: 'patroni.yml.hbs', target: PATRONI_YML, group: 'postgres', grammar: PATRONI_GRAMMAR }),
];

/** Makes the templates' view of a desired state. */
export function viewDb(desired: DbDesired): DbView {
  const [own = ''] = desired.regions;
  const addresses = ['127.0.0.1', ...desired.regions];
  return {
    name: desired.name,
    restPlace: placeOf(own, PORTS.patroni),
    databasePlace: placeOf(own, PORTS.database),
    listen: `${hostOf(own)},127.0.0.1:${PORTS.database}`,
    etcdWay: placeOf('127.0.0.1', PORTS.etcdProxy),
    etcdPlaces: desired.regions.map((address) => placeOf(address, PORTS.etcdClient)),
    allowed: addresses,
    networks: addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
    clientsFile: desired.inner === undefined ? TRUST_FILES.authority.path : CLIENTS_CRT,
    inner:
      desired.inner === undefined ? [] : [{ ...innerView(desired.inner, REVOKED_CRL), serials: desired.inner.serials }],
    version: desired.version,
    isSynchronous: desired.standbys > 0,
    // Patroni accepts no 0 there; without synchronous mode the number means nothing.
    standbys: Math.max(1, desired.standbys),
  };
}

/** Where Patroni of this node answers. */
export function restUrlOf(desired: DbDesired): string {
  return `https://${placeOf(desired.regions[0] ?? '', PORTS.patroni)}`;
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function placeOf(address: string, port: number): string {
  return `${hostOf(address)}:${port}`;
}
