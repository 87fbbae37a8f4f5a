import { verifiedText } from '../../host/own/verified.ts';
import { type ImageDiskOptions, openImageDisk } from '../../host/own/image-disk.ts';
import type { ImageAccess } from '../../region/images/port.ts';
import { openImagePeers } from './image-peers.ts';
import { readSource } from './outside/source-reader.ts';
import type { TlsFiles } from './tls.ts';

/** Where images lie on this host. `port`: where other region nodes give them out. */
export type ImageOptions = ImageDiskOptions & { readonly port?: number };

/** The disk of this host, and the other region nodes over mutual TLS; without a certificate nobody. */
export function openImagePort(options: ImageOptions, files: TlsFiles | null): ImageAccess {
  const peers = openImagePeers(files, options.port);
  return { disk: openImageDisk(options), peers, sources: { read: readSource, verified: verifiedText } };
}
