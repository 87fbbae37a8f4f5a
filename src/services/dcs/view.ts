import { PORTS, REGION_SERVER_NAME } from '../../model/cluster/cluster.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import { innerFile, type InnerView, innerView } from '../kit/inner-trust.ts';
import type { DcsDesired } from './desired.ts';
import { CLIENTS_GRAMMAR, REVOKED_GRAMMAR } from '../kit/grammar/trust-lists.ts';
import { EPOCH_GRAMMAR, ETCD_GRAMMAR, MEMBERS_GRAMMAR } from './grammar.ts';

/** Regent's own folder of etcd. */
export const FOLDER = '/etc/etcd/regent';
/** etcd reads it at each start. */
export const ETCD_YML = `${FOLDER}/etcd.yml`;
/** etcd reads it at a start with an empty data folder, and never again: then its data has its members. */
export const MEMBERS_YML = `${FOLDER}/members.yml`;

/** `ha/epoch` and regiond read it. A cluster that was never recovered has none. */
export const EPOCH_JSON = `${FOLDER}/epoch.json`;

/** The authority by which etcd takes clients and members: read at its start. */
export const CLIENTS_CRT = `${FOLDER}/clients.crt`;
/** Certificates that it takes from nobody: read for each connection. */
export const REVOKED_CRL = `${FOLDER}/revoked.crl`;

/** The largest size of etcd's data; a cluster of ours has some 100 kB. Beyond it etcd refuses writes and raises NOSPACE. */
export const QUOTA_BYTES = 268_435_456;

/** What the templates of `dcs` see. */
export interface DcsView {
  readonly name: string;
  readonly clusterId: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly localUrl: string;
  readonly serverName: string;
  readonly quotaBytes: number;
  readonly state: string;
  readonly members: string;
  readonly clientsFile: string;
  /** Empty: every node of the cluster is let in. */
  readonly inner: readonly InnerView[];
  /** Empty: the cluster was never recovered, there is no such file. */
  readonly recovered: readonly NonNullable<DcsDesired['recovered']>[];
}

/** The files by their templates. root owns them, etcd may read its two; nobody has to hide an epoch. */
export const DCS_FILES: readonly FileSpec<DcsView>[] = [
  innerFile({ template: 'clients.crt.hbs', target: CLIENTS_CRT, group: 'etcd', grammar: CLIENTS_GRAMMAR }),
  innerFile({ template: 'revoked.crl.hbs', target: REVOKED_CRL, group: 'etcd', grammar: REVOKED_GRAMMAR }),
  groupFile({ template: 'members.yml.hbs', target: MEMBERS_YML, group: 'etcd', grammar: MEMBERS_GRAMMAR }),
  groupFile({ template: 'etcd.yml.hbs', target: ETCD_YML, group: 'etcd', grammar: ETCD_GRAMMAR }),
  {
    template: 'epoch.json.hbs',
    mode: 0o644,
    owner: 'root',
    group: 'root',
    format: 'json',
    grammar: EPOCH_GRAMMAR,
    instances: ({ recovered }) => recovered.map((view) => ({ target: EPOCH_JSON, view })),
  },
];

/** Makes the templates' view of a desired state. */
export function viewDcs(desired: DcsDesired): DcsView {
  return {
    name: desired.name,
    clusterId: desired.clusterId,
    peerUrl: urlOf(desired.address, PORTS.etcdPeer),
    clientUrl: urlOf(desired.address, PORTS.etcdClient),
    localUrl: urlOf('127.0.0.1', PORTS.etcdClient),
    serverName: REGION_SERVER_NAME,
    quotaBytes: QUOTA_BYTES,
    state: desired.isNew ? 'new' : 'existing',
    members: desired.members.map((item) => `${item.name}=${urlOf(item.address, PORTS.etcdPeer)}`).join(','),
    clientsFile: desired.inner === undefined ? TRUST_FILES.authority.path : CLIENTS_CRT,
    inner: desired.inner === undefined ? [] : [innerView(desired.inner, REVOKED_CRL)],
    recovered: desired.recovered === undefined ? [] : [desired.recovered],
  };
}

function urlOf(address: string, port: number): string {
  return `https://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
