import { randomBytes } from 'node:crypto';
import type { Client } from '../../../src/contract/client.ts';
import type { Image } from '../../../src/contract/images/image.ts';
import { anImage } from '../../kit/images.ts';
import { until } from '../../kit/until.ts';

const ARCHITECTURE = 'amd64';
const NAME = 'bench/fleet';
const MIB = 1024 * 1024;
/** About what the image `ephemeral` has; nobody starts it. */
const SIZES = { vmlinuz: 12 * MIB, 'initrd.img': 11 * MIB, 'root.squashfs': 64 * MIB } as const;
const SPREAD_MS = 180_000;

/** What machines boot: the site's own default image where there is one; else one of noise, which stays: a default image is not deleted. */
export async function imageOf(client: Client): Promise<Image> {
  const query = { architecture: ARCHITECTURE, is_default: true } as const;
  for await (const image of client.all('image.list', { query })) return image;
  const files = Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, randomBytes(size)]));
  const made = anImage(files, { kind: 'ephemeral', name: NAME });
  const { digest, manifest } = made;
  await client.call('image.create', { body: { manifest } });
  for (const [file, bytes] of Object.entries(made.files)) {
    const open = async function* (start: number) {
      yield bytes.subarray(start);
    };
    await client.upload('image.upload', { image: digest, file }, { size: bytes.length, open });
  }
  const params = { image: digest };
  await until(
    'all region nodes to have the image',
    async () => {
      const { regions, wholeOn } = (await client.call('image.show', { params })).body;
      return regions.every((region) => wholeOn.includes(region));
    },
    { deadlineMs: SPREAD_MS, everyMs: 500 },
  );
  return (await client.call('image.set-default', { params })).body;
}
