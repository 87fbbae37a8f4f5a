import { PORTS } from '../../model/cluster/cluster.ts';
import type { BootFiles } from './desired.ts';

/** A class of clients by Kea's test. `file` and `options` are sent to its members. */
export interface BootClass {
  readonly name: string;
  readonly test: string;
  readonly file: string;
  /** Entries of Kea's `option-data`. */
  readonly options?: readonly object[];
  /** Evaluated only for clients of this VLAN: hundreds of VLANs must not cost every packet. */
  readonly vlanId?: number;
}

/** Where a VLAN's clients reach this node. */
interface BootPlace {
  readonly vlanId: number;
  readonly address: string;
}

/**
 * The rack's ports (`http`, and the agent's boot listener), and the files as Debian's package `ipxe` calls them; `tftp/boot-files.ts` gives them out.
 * snponly.efi comes 4 s sooner than ipxe.efi, and gives a machine back to its firmware; for arm64 there is none.
 */
export const BOOT_FILES: BootFiles = {
  port: PORTS.bootFiles,
  script: 'ipxe.cfg',
  scriptPort: PORTS.bootScripts,
  bios: 'undionly.kpxe',
  uefiX64: 'snponly.efi',
  uefiArm64: 'ipxe-arm64.efi',
};

const IPXE = "option[77].hex == 'iPXE'";
/**
 * iPXE's own option 175 with its `no-pxedhcp` (code 176, one byte) set: the file is in this answer. Without it iPXE waits for a ProxyDHCP server at each start,
 * 2 s and up to its next try (https://ipxe.org/howto/dhcpd, `DHCP_DISC_PROXY_TIMEOUT_SEC`). Kea knows no such option, so it stands in bytes.
 */
const NO_PROXY_DHCP = { code: 175, 'csv-format': false, data: 'B00101' };
const HTTP_CLIENT = "substring(option[60].hex,0,10) == 'HTTPClient'";

/**
 * Clients that ask to boot from the network. Loaders are named relative to the next server (TFTP); iPXE itself and UEFI's HTTP boot need a URL,
 * so these two have a class per VLAN, with this node's address there. Who does not ask for a boot file is in none.
 */
export function bootClasses(places: readonly BootPlace[], files: BootFiles): BootClass[] {
  return [
    ...places.flatMap((place) => urlClasses(place, files)),
    loader('bios', files.bios, '0x0000'),
    loader('uefi-x64', files.uefiX64, '0x0007', '0x0009'),
    loader('uefi-arm64', files.uefiArm64, '0x000b'),
  ];
}

function loader(name: string, file: string, ...codes: readonly string[]): BootClass {
  return { name, file, test: `option[93].exists and ${archIs(...codes)} and not (${IPXE})` };
}

function urlClasses(place: BootPlace, files: BootFiles): BootClass[] {
  const { vlanId } = place;
  const base = `http://${place.address}:${files.port}`;
  const scripts = `http://${place.address}:${files.scriptPort ?? files.port}`;
  const http = (name: string, file: string, code: string): BootClass => ({
    name: `${name}-vlan-${vlanId}`,
    vlanId,
    test: `${HTTP_CLIENT} and ${archIs(code)} and not (${IPXE})`,
    file: `${base}/${file}`,
    // UEFI's HTTP boot takes no other offer (UEFI 2.10 §24.7.3).
    options: [{ name: 'vendor-class-identifier', data: 'HTTPClient' }],
  });
  return [
    { name: `ipxe-vlan-${vlanId}`, vlanId, test: IPXE, file: `${scripts}/${files.script}`, options: [NO_PROXY_DHCP] },
    http('httpboot-x64', files.uefiX64, '0x0010'),
    http('httpboot-arm64', files.uefiArm64, '0x0013'),
  ];
}

/** Client system architecture (RFC 4578 §2.1 and IANA's list of processor architecture types); the first of several counts. */
function archIs(...codes: readonly string[]): string {
  return `(${codes.map((code) => `substring(option[93].hex,0,2) == ${code}`).join(' or ')})`;
}
