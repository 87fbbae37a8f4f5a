/** Where a node's certificate and key lie, and the certificate of the cluster's authority. */
export const TRUST_FOLDER = '/etc/regent/pki';

/** The group of the daemons that show the node's certificate: `etcd`, `postgres`, `haproxy`, `regent`, `regent-agent`, `regent-vip`, `regent-votes`. */
export const TRUST_GROUP = 'regent-pki';

/** A file of the folder: who may read it. */
export interface TrustFile {
  readonly path: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

const open = (name: string): TrustFile => ({
  path: `${TRUST_FOLDER}/${name}`,
  owner: 'root',
  group: 'root',
  mode: 0o644,
});
const secret = (name: string): TrustFile => ({ ...open(name), group: TRUST_GROUP, mode: 0o640 });

/** All of them. `bundle`: certificate, authority's certificate and key in one, for haproxy: a host that joins sees by it whose cluster this is. PEM texts. */
export const TRUST_FILES = {
  authority: open('ca.crt'),
  certificate: open('node.crt'),
  key: secret('node.key'),
  bundle: secret('node.pem'),
} as const;
