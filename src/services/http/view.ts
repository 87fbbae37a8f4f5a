import { digestOf } from '../../core/stable-json.ts';
import type { HostFacts } from '../../core/host-values.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import { bootFiles } from '../tftp/boot-files.ts';
import type { HttpDesired } from './desired.ts';
import { NGINX_GRAMMAR } from './grammar.ts';

/** Regent's own folder of nginx. */
export const FOLDER = '/etc/nginx/regent';
/** Read when nginx starts, and with each reload. */
export const NGINX_CONF = `${FOLDER}/nginx.conf`;

/** Where nginx buffers bodies of machines that nobody knows yet: the unit's `TemporaryFileSystem`. */
export const BODIES = { path: '/var/lib/regent/http/body', mostBytes: 256 * 1024 * 1024 };

/** What the template of `http` sees. */
export interface HttpView {
  readonly mark: string;
  /** The host speaks IPv6 too. */
  readonly isDual: boolean;
  readonly port: number;
  readonly cacheMb: number;
  readonly files: readonly { readonly name: string; readonly path: string }[];
  readonly regions: readonly {
    readonly address: string;
    readonly port: number;
    readonly isSix: boolean;
    readonly isDrained: boolean;
  }[];
}

/** One file. root owns it, nginx may read it. */
export const HTTP_FILES: readonly FileSpec<HttpView>[] = [
  groupFile({ template: 'nginx.conf.hbs', target: NGINX_CONF, group: 'regent-http', grammar: NGINX_GRAMMAR }),
];

/** Names a configuration: nginx reports it to its own host, so a probe learns which one is in force. Prefetched files are no part of it: nginx does not get them. */
export const markOf = ({ wanted: _beforehand, ...desired }: HttpDesired): string => digestOf(desired).slice(0, 16);

/** Makes the template's view of a desired state. */
export function viewHttp(desired: HttpDesired, facts: HostFacts): HttpView {
  return {
    mark: markOf(desired),
    isDual: facts.interfaces.some((nic) => nic.addresses.some((address) => address.includes(':'))),
    port: desired.port,
    cacheMb: desired.cacheMb,
    files: bootFiles(),
    regions: desired.regions.map(({ address, port, isDrained = false }) => ({
      address,
      port,
      isSix: address.includes(':'),
      isDrained,
    })),
  };
}
