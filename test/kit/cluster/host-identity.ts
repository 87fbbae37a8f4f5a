import { siteListText } from '../../../src/model/cluster/trust-files.ts';
import type { DebianHost } from '../debian-root.ts';
import { testAuthority, testIdentity } from './pki.ts';

/** Where a node's certificate lies on a host. */
export const PKI = '/etc/regent/pki';

/** Makes the group, users and certificate of a region node on a private host, as install and init do. `addresses`: what the certificate names. */
export async function giveIdentity(host: DebianHost, addresses: readonly string[] = ['127.0.0.1']): Promise<void> {
  await host.run(['groupadd', '--system', 'regent-pki']);
  await host.run(['useradd', '--system', '--user-group', 'regent-vip']);
  for (const user of ['haproxy', 'regent-vip', 'etcd', 'postgres'])
    await host.run(['usermod', '-aG', 'regent-pki', user]);
  const identity = await testIdentity(await testAuthority(), { nodeId: 'n-r1', isRegion: true, addresses });
  const access = { mode: 0o640, group: 'regent-pki' };
  host.write(`${PKI}/ca.crt`, identity.authority);
  host.write(`${PKI}/node.crt`, identity.certificate);
  host.write(`${PKI}/node.key`, identity.key, access);
  host.write(`${PKI}/node.pem`, `${identity.certificate}${identity.key}`, access);
  host.write(`${PKI}/site.list`, siteListText(false));
  await host.run(['chmod', '755', '/etc/regent', PKI]);
}
