import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { imagePath } from '../../contract/images/image.ts';
import { AppError } from '../../core/errors.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster/cluster.ts';
import type { ImageFileName, ImagePeers } from '../../region/images/port.ts';
import type { TlsFiles } from './tls.ts';

/** A region node that says nothing for so long is left, ms. */
const SILENT_MS = 10_000;

/** Region nodes that give out files of images, over mutual TLS; without a certificate nobody. */
export function openImagePeers(files: TlsFiles | null, port: number = PORTS.agents): ImagePeers {
  const question = (address: string, file: ImageFileName, signal: AbortSignal): ImageQuestion => {
    if (files === null)
      throw new AppError('configuration', 'this host has no certificate to ask other region nodes with');
    const path = imagePath(file.image, file.name);
    return { files, address, port, path, signal };
  };
  return {
    fetch: async (address, file, { start, signal }) =>
      fetchFile({ ...question(address, file, signal), ...(start > 0 ? { range: `${start}-` } : {}) }),
    fetchPart: async (address, file, { start, until, signal }) => {
      const target = question(address, file, signal);
      return fetchFile({ ...target, path: `${target.path}?part`, range: `${start}-${until - 1}` });
    },
    received: async (address, file, signal) => {
      const target = question(address, file, signal);
      return sizeOf({ ...target, path: `${target.path}?part` });
    },
  };
}

/** `range`: as the header has it; all bytes when left out. */
interface ImageQuestion {
  readonly files: TlsFiles;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly range?: string;
  readonly signal: AbortSignal;
}

/** The answer's body as it comes. It fails when the other side ends too early or is silent. */
async function fetchFile(question: ImageQuestion): Promise<IncomingMessage> {
  const response = await send(question, 'GET');
  if (response.statusCode === (question.range === undefined ? 200 : 206)) return response;
  response.destroy();
  throw new Error(`it answered ${response.statusCode}`);
}

/** Bytes that are there; none if the file is not known. */
async function sizeOf(question: ImageQuestion): Promise<number> {
  const response = await send(question, 'HEAD');
  response.destroy();
  if (response.statusCode === 404) return 0;
  if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`);
  return Number(response.headers['content-length'] ?? 0);
}

async function send(
  { files, address, port, path, range, signal }: ImageQuestion,
  method: 'GET' | 'HEAD',
): Promise<IncomingMessage> {
  const [ca, cert, key] = await Promise.all(
    [files.authority, files.certificate, files.key].map((name) => readFile(name)),
  );
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request({
    host: address,
    port,
    path,
    method,
    ...(range === undefined ? {} : { headers: { range: `bytes=${range}` } }),
    ca,
    cert,
    key,
    agent: false,
    servername: REGION_SERVER_NAME,
    signal,
  });
  outgoing.setTimeout(SILENT_MS, () => outgoing.destroy(new Error(`it was silent for ${SILENT_MS / 1000} s`)));
  outgoing.on('error', reject);
  outgoing.on('response', resolve);
  outgoing.end();
  return promise;
}
