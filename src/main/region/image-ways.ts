import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { imagePath } from '../../contract/cluster/image.ts';
import { AppError } from '../../core/errors.ts';
import { verifiedText } from '../../host/own/verified.ts';
import { type ImageDiskOptions, openImageDisk } from '../../host/own/image-disk.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster.ts';
import type { FileName, ImagePeers, ImageWays } from '../../region/tasks/images/port.ts';
import { readSource } from './outside/source-reader.ts';
import type { TlsFiles } from './tls.ts';

/** Where images lie on this host. `port`: where other region nodes give them out. */
export interface ImageOptions extends ImageDiskOptions {
  readonly port?: number;
}

/** A region node that says nothing for so long is left, ms. */
const SILENT_MS = 10_000;

/** The disk of this host, and the other region nodes over mutual TLS; without a certificate nobody. */
export function imageWays(options: ImageOptions, files: TlsFiles | null): ImageWays {
  const peers: ImagePeers = {
    fetch: async (address, file, { start, signal }) => {
      if (files === null)
        throw new AppError('configuration', 'this host has no certificate to ask other region nodes with');
      return fetchFile(files, { address, port: options.port ?? PORTS.agents, file, start, signal });
    },
  };
  return { disk: openImageDisk(options), peers, sources: { read: readSource, verified: verifiedText } };
}

interface Question {
  readonly address: string;
  readonly port: number;
  readonly file: FileName;
  readonly start: number;
  readonly signal: AbortSignal;
}

/** The answer's body as it comes. It fails when the other side ends too early or is silent. */
async function fetchFile(files: TlsFiles, { address, port, file, start, signal }: Question): Promise<IncomingMessage> {
  const [ca, cert, key] = await Promise.all(
    [files.authority, files.certificate, files.key].map((path) => readFile(path)),
  );
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const path = imagePath(file.image, file.name);
  const asked = request({
    host: address,
    port,
    path,
    ...(start > 0 ? { headers: { range: `bytes=${start}-` } } : {}),
    ca,
    cert,
    key,
    agent: false,
    servername: REGION_SERVER_NAME,
    signal,
  });
  asked.setTimeout(SILENT_MS, () => asked.destroy(new Error(`it was silent for ${SILENT_MS / 1000} s`)));
  asked.on('error', reject);
  asked.on('response', (response) => {
    if (response.statusCode === (start > 0 ? 206 : 200)) return resolve(response);
    response.destroy();
    reject(new Error(`it answered ${response.statusCode}`));
  });
  asked.end();
  return promise;
}
