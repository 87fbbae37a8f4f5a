import { isRejected } from '../../core/errors.ts';
import type { HostFacts } from '../../core/host-values.ts';
import { bareAddress, contains, parseAddress, parseNetwork } from '../../core/ip.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import type { VipDesired } from './desired.ts';
import { HEALTH_GRAMMAR, KEEPALIVED_GRAMMAR } from './grammar.ts';

/** Regent's own folder of keepalived. */
export const FOLDER = '/etc/keepalived/regent';
/** keepalived reads it at its start and at a reload. */
export const KEEPALIVED_CONF = `${FOLDER}/keepalived.conf`;
/** Settings of `ha/vip/health.ts`, which checks for a change once a second. */
export const HEALTH_JSON = `${FOLDER}/health.json`;
const INTERFACE = /^[A-Za-z0-9_][A-Za-z0-9._:@-]{0,14}$/;

/** What the templates of `vip` see. */
export interface VipView extends VipDesired {
  readonly isDrained: boolean;
  readonly bareVip: string;
  readonly isAlone: boolean;
  /** The interface with the node's main address; adverts go out there. */
  readonly interface: string;
  /** The interface for the floating address. */
  readonly vipInterface: string;
}

/** Both files. root owns them; the checker and `ha/vip` run as `regent-vip`. */
export const VIP_FILES: readonly FileSpec<VipView>[] = [
  groupFile({
    template: 'health.json.hbs',
    target: HEALTH_JSON,
    group: 'regent-vip',
    format: 'json',
    grammar: HEALTH_GRAMMAR,
  }),
  groupFile({
    template: 'keepalived.conf.hbs',
    target: KEEPALIVED_CONF,
    group: 'regent-vip',
    grammar: KEEPALIVED_GRAMMAR,
  }),
];

/** Makes the templates' view. Throws a sentence when the node's address is on no interface of this host. */
export function viewVip(desired: VipDesired, facts: HostFacts): VipView {
  const bareVip = bareAddress(desired.vip);
  const nic = facts.interfaces.find((item) => item.addresses.some((text) => bareAddress(text) === desired.address));
  if (!nic) throw new TypeError(`no interface of this host has the address ${desired.address} of node ${desired.name}`);
  const near = facts.interfaces.find((item) => item.addresses.some((text) => isOnNetworkOf(text, desired.vip)));
  for (const { name } of [nic, near ?? nic]) {
    if (!INTERFACE.test(name))
      throw new TypeError(`the interface ${JSON.stringify(name)} cannot stand in keepalived.conf`);
  }
  return {
    ...desired,
    isDrained: desired.isDrained ?? false,
    bareVip,
    isAlone: desired.peers.length === 0,
    interface: nic.name,
    vipInterface: near?.name ?? nic.name,
  };
}

/** Is it a host's address in the network of the floating address, and not that address itself? */
function isOnNetworkOf(text: string, vip: string): boolean {
  if (bareAddress(text) === bareAddress(vip)) return false;
  const [host, network] = [parseAddress(bareAddress(text)), parseNetwork(networkText(vip))];
  return !isRejected(host) && !isRejected(network) && contains(network, host);
}

/** `ADDRESS/PREFIX` of the network that an IPv4 address lies in. */
function networkText(vip: string): string {
  const [address = '', prefix = '32'] = vip.split('/');
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(value / size) * size;
  return `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join('.')}/${prefix}`;
}
