import { REGION_SERVER_NAME } from '../../core/node-identity.ts';

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

/**
 * All of them. `bundle`: certificate, authority's certificate and key in one, for haproxy: a host that joins sees by it
 * whose cluster this is. `site`: the certificate of the whole site with its key, as browsers see it; `siteList`: which
 * of the two haproxy shows to whom. Both only on region nodes. `pairBundle`: certificate and key of the rack's DHCP
 * servers for their partners, in one file, so that they always fit together. Not the node's own key: that is readable
 * by `TRUST_GROUP`, and a host that has the key could act as a partner. Only Kea's user reads it, and AppArmor lets Kea
 * read below `/etc/kea`. `pairCertificate`: only the certificate, for the agent. PEM texts but for the list.
 */
export const TRUST_FILES = {
  authority: open('ca.crt'),
  certificate: open('node.crt'),
  key: secret('node.key'),
  bundle: secret('node.pem'),
  site: secret('site.pem'),
  siteList: open('site.list'),
  pairBundle: { path: '/etc/kea/pair.pem', owner: 'root', group: '_kea', mode: 0o640 },
  pairCertificate: open('pair.crt'),
} as const;

/**
 * haproxy's list of certificates (configuration manual, `crt-list`). The first one is for everybody, also for those who name no server; the node's own is for
 * who asks for `regent-region`: agents and hosts that join. Before there is one of the site the node's own is for everybody.
 */
export function siteListText(hasSite: boolean): string {
  const { site, bundle } = TRUST_FILES;
  return hasSite ? `${site.path}\n${bundle.path} ${REGION_SERVER_NAME}\n` : `${bundle.path}\n`;
}
