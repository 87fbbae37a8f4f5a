import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { parsePlace } from '../../model/machines/power.ts';

/** What an address of libvirt may consist of: virsh opens files and starts programs that its addresses name. */
const DRIVERS = ['qemu', 'xen', 'lxc', 'ch', 'bhyve'];
/** Ports by transport; none given: TLS. */
const PORTS: Readonly<Record<string, number>> = { ssh: 22, libssh: 22, libssh2: 22, tls: 16_514, tcp: 16_509 };
const PATHS = ['/system', '/session', '/'];
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
/** Absolute, and nothing that a shell, or `..`, reads otherwise. */
const FILE = /^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}){1,16}$/;
const FLAG = /^[01]$/;
const SSH_AUTH =
  /^(?:agent|privkey|password|keyboard-interactive)(?:,(?:agent|privkey|password|keyboard-interactive)){0,3}$/;
const PARAMETERS: Readonly<Record<string, RegExp>> = {
  socket: FILE,
  keyfile: FILE,
  known_hosts: FILE,
  known_hosts_verify: /^(?:normal|auto|ignore)$/,
  no_verify: FLAG,
  no_tty: FLAG,
  sshauth: SSH_AUTH,
};

const RULE = `DRIVER[+TRANSPORT]://[USER@]HOST[:PORT]PATH with a driver of ${DRIVERS.join(', ')}, a transport of ${Object.keys(PORTS).join(', ')}, a path of ${PATHS.join(', ')}, no password; behind it only ${Object.keys(PARAMETERS).join(', ')}`;

/** An address of libvirt, taken apart. `host` without brackets. */
export interface LibvirtUri {
  readonly driver: string;
  readonly transport: string;
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

const SHAPE = /^([a-z]+)(?:\+([a-z0-9]+))?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(\/[^?#]*)(?:\?([^#]*))?$/;

/** Parses an address of libvirt by a closed grammar; gives the text as it is. */
export function parseLibvirtUri(text: string, field: string): string | Rejected {
  const parts = partsOf(text);
  if (parts === null) return invalid(field, `${show(text)} is not a libvirt address`, RULE);
  const { driver, transport, user, place, path, query } = parts;
  if (user.includes(':')) return invalid(field, 'it holds a password', RULE);
  const bad = (what: string, value: string) => invalid(field, `the ${what} ${show(value)} is not taken`, RULE);
  if (!DRIVERS.includes(driver)) return bad('driver', driver);
  if (!Object.hasOwn(PORTS, transport)) return bad('transport', transport);
  if (parts.hasUser && !USER.test(user)) return bad('user', user);
  if (place === '') return invalid(field, 'it names no host', RULE);
  if (isRejected(parsePlace(place, field, 1))) return bad('host', place);
  if (!PATHS.includes(path)) return bad('path', path);
  const odd = (query ?? '').split('&').find((item) => {
    const [name = '', value = ''] = item.split(/=(.*)/s);
    return item !== '' && !(Object.hasOwn(PARAMETERS, name) && PARAMETERS[name]?.test(value) === true);
  });
  return odd === undefined ? text : bad('parameter', odd);
}

/** Takes a parsed address apart. */
export function libvirtUri(uri: string): LibvirtUri {
  const { driver = '', transport = '', user = '', place = '' } = partsOf(uri) ?? {};
  const parsed = parsePlace(place, 'power_address', PORTS[transport] ?? 0);
  const { host, port } = isRejected(parsed) ? { host: '', port: 0 } : parsed;
  return { driver, transport, user, host, port };
}

function partsOf(uri: string) {
  const match = SHAPE.exec(uri);
  if (match === null) return null;
  const [, driver = '', transport = 'tls', user, place = '', path = '', query] = match;
  return { driver, transport, user: user ?? '', hasUser: user !== undefined, place, path, query };
}
