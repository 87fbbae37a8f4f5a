import { packageFiles, type Packages } from '../../images/package-repository.ts';
import type { ImageArchitecture } from '../../images/image.ts';
import type { NetworkPlan } from './network.ts';
import { networkFiles } from './network-files.ts';
import { storageFiles } from './storage-files.ts';
import type { StoragePlan } from './storage-types.ts';

/** The root of a deployable image. `bytes`: unpacked; null: its maker has not stated it. `file`: what machines fetch. */
export interface DeployedImage {
  readonly name: string;
  readonly digest: string;
  readonly architecture: ImageArchitecture;
  readonly format: 'tar' | 'raw';
  readonly compression: 'none' | 'gz' | 'xz' | 'zst';
  readonly bytes: number | null;
  readonly file: { readonly name: string; readonly size: number; readonly sha256: string };
}

/** All that a machine needs to install a system on its disks. `sources`: base URLs of the racks of its VLAN, the primary first, such as `http://10.0.0.2:5248`. */
export interface Deployment {
  readonly machine: { readonly id: string; readonly hostname: string; readonly fqdn: string };
  /** Of this deployment: cloud-init takes another one for another machine. */
  readonly run: number;
  readonly image: DeployedImage;
  readonly storage: StoragePlan;
  readonly network: NetworkPlan;
  readonly sources: readonly string[];
  /** Lines of authorized_keys. */
  readonly sshKeys: readonly string[];
  readonly userData: Uint8Array | null;
  readonly ntp: readonly string[];
  /** Of the kernel of its system. */
  readonly kernelOptions: readonly string[];
  readonly aptProxy: string | null;
  readonly packages: Packages;
}

/**
 * The folder `deployment/` of the archive: one value per file, ended by a line feed; what is not wanted has no file. User data are as they are, byte for byte.
 * The scripts of `scripts/machine/deploying` read it. Pure.
 */
export function deploymentFiles(deployment: Deployment): Readonly<Record<string, string | Uint8Array>> {
  const { machine, image, storage, network, sources, sshKeys, userData, ntp, kernelOptions, aptProxy, packages } =
    deployment;
  const { file } = image;
  return {
    ...lists({ hostname: [machine.hostname], fqdn: [machine.fqdn], sources, 'ssh-keys': sshKeys, ntp }),
    ...lists({ 'kernel-options': kernelOptions.length === 0 ? [] : [kernelOptions.join(' ')] }),
    ...lists({ 'apt-proxy': optional(aptProxy) }),
    ...packageFiles(packages),
    ...lists({
      'image/name': [image.name],
      'image/architecture': [image.architecture],
      'image/format': [image.format],
      'image/compression': [image.compression],
      'image/size': [String(file.size)],
      'image/sha256': [file.sha256],
      'image/path': [`images/${image.digest}/${file.name}`],
    }),
    'seed/meta-data': metaData(deployment),
    'seed/vendor-data': '#cloud-config\n{}\n',
    ...(userData === null ? {} : { 'seed/user-data': userData }),
    ...storageFiles(storage),
    ...networkFiles(network),
  };
}

const optional = (text: string | null): readonly string[] => (text === null ? [] : [text]);

/** A list without a member is no file. */
function lists(members: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members)
      .filter(([, lines]) => lines.length > 0)
      .map(([name, lines]) => [name, lines.map((line) => `${line}\n`).join('')]),
  );
}

/** JSON is YAML: no text can become a line of its own. */
function metaData({ machine, run, sshKeys }: Deployment): string {
  const data = {
    'instance-id': `${machine.id}-${run}`,
    'local-hostname': machine.fqdn,
    'public-keys': sshKeys,
  };
  return `${JSON.stringify(data)}\n`;
}
