import { isIP } from 'node:net';
import { bootFiles } from '../../services/tftp/boot-files.ts';
import type { SeenStep } from './sieve.ts';

/** Names in the journal of the programs that log machines that boot (templates/http, tftpd-hpa). */
export const LOG_IDENTIFIERS = { nginx: 'regent_http', tftpd: 'in.tftpd' } as const;

type LoggedStep = Omit<SeenStep, 'at'>;

/** Names by which machines request loaders. */
const LOADERS: ReadonlySet<string> = new Set(bootFiles().map(({ name }) => name));
/** What the files of an image are (model/images/image.ts). */
const FILES: Readonly<Record<string, 'kernel' | 'initrd'>> = { vmlinuz: 'kernel', 'initrd.img': 'initrd' };
const IMAGE = /^\/images\/[0-9a-f]{64}\/([a-z0-9][a-z0-9._-]{0,60})$/;
const METADATA = '/MAAS/metadata/';
/** A root file system, whatever its name. */
const ROOT = /^root\.|\.squashfs$/;

/** The step that a line reports; null: none. A line may hold anything that a machine sent. Pure. */
export function stepOfLine(identifier: string, message: string): LoggedStep | null {
  if (identifier === LOG_IDENTIFIERS.nginx) return ofNginx(message);
  return identifier === LOG_IDENTIFIERS.tftpd ? ofTftpd(message) : null;
}

/** A line of the access log (`log_format regent`). */
function ofNginx(message: string): LoggedStep | null {
  const line = objectOf(message);
  if (line === null) return null;
  const { client, method, uri, status, bytes, seconds } = line;
  if (typeof client !== 'string' || typeof uri !== 'string' || typeof status !== 'number' || method === 'HEAD')
    return null;
  const address = addressOf(client);
  const target = targetOf(uri, typeof method === 'string' ? method : '');
  if (address === null || target === null || !Number.isInteger(status) || status < 100 || status > 999) return null;
  const facts = {
    file: target.file,
    status,
    ...(isCount(bytes) ? { bytes } : {}),
    ...(typeof seconds === 'number' && seconds >= 0 && seconds < 86_400 ? { ms: Math.round(seconds * 1000) } : {}),
  };
  const outcome = status < 400 ? 'done' : 'failed';
  return { source: 'http', what: target.what, mac: null, address, outcome, facts };
}

function targetOf(uri: string, method: string): { readonly what: LoggedStep['what']; readonly file: string } | null {
  const image = IMAGE.exec(uri)?.[1];
  if (image !== undefined) {
    const known = Object.hasOwn(FILES, image) ? FILES[image] : undefined;
    return { what: known ?? (ROOT.test(image) ? 'root' : 'image'), file: image };
  }
  if (uri.startsWith(METADATA)) return { what: 'metadata', file: `${method} ${uri.slice(METADATA.length)}` };
  const name = uri.replace(/^\//, '');
  return LOADERS.has(name) || name.endsWith('.efi') ? { what: 'loader', file: name } : null;
}

/**
 * A line of tftpd-hpa 5.3 with `--verbosity 2`: a request with the file that it is mapped to; a refusal, which says no name.
 */
function ofTftpd(message: string): LoggedStep | null {
  const [, from, name] = /^RRQ from (\S+) filename (.{1,400}?)(?: remapped to .*)?$/.exec(message) ?? [];
  if (from !== undefined && name !== undefined) {
    const file = name
      .replace(/^[^A-Za-z0-9]+/, '')
      .replaceAll('\\', '/')
      .toLowerCase();
    // A probe of ours.
    if (file.startsWith('regent/')) return null;
    return loaderStep(from, { file }, 'done');
  }
  const [, code, to] = /^sending NAK \((\d{1,3}), .{0,400}\) to (\S+)$/.exec(message) ?? [];
  // 0 and 8 are the machine's own choice: it asks for a size, or goes on without options.
  if (code === undefined || to === undefined || code === '0' || code === '8') return null;
  return loaderStep(to, { reason: `TFTP error ${code}: no such file is given out` }, 'failed');
}

function loaderStep(from: string, facts: LoggedStep['facts'], outcome: 'done' | 'failed'): LoggedStep | null {
  const address = addressOf(from);
  return address === null ? null : { source: 'tftp', what: 'loader', mac: null, address, outcome, facts };
}

/** An address of a machine; null: it is none, or this host's own. */
function addressOf(text: string): string | null {
  const address = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return isIP(address) === 0 || address === '::1' || address.startsWith('127.') ? null : address;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
