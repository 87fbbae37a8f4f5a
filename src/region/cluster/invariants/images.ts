import { formatCount } from '../../../core/count-text.ts';
import { type ClusterSite, listOf, members, silence } from '../site.ts';
import type { InvariantCheck, InvariantVerdict } from './check.ts';
import { askNode, broken, ok, sentence, unknown, warning } from './check.ts';

/** The transfer of a large image takes some minutes. */
const SETTLED_MS = 5 * 60_000;
const NAMED = 3;

/** What must be true of images. */
export const IMAGE_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'images',
    title: 'Every region node has every file of every image',
    explanation:
      'Racks fetch images from any region node. A region node that lacks a file redirects racks to the next one. If the last node with the file dies, machines of that image do not boot.',
    concerns: ({ images }) => (images?.length ?? 0) > 0,
    judge(site) {
      const images = site.images ?? [];
      const regions = members(site).map(({ name }) => name);
      const late = images.flatMap((image) => lateOf(image, regions, site.now));
      if (late.length > 0) return verdictOf(late, regions);
      const silent = members(site).filter((node) => !node.isFresh);
      if (silent.length > 0) {
        const clauses = silent.map((node) => silence(node, 'images', site.now));
        return unknown(sentence(listOf(clauses)), askNode(silent.map(({ name }) => name)));
      }
      const coming = images.filter((image) => regions.some((node) => lacking(image, node).length > 0));
      const rest =
        coming.length === 0 ? '' : `; ${formatCount(coming.length, 'image')} still being copied to other nodes`;
      return ok(`${formatCount(images.length, 'image')} on ${formatCount(regions.length, 'region node')}${rest}.`);
    },
  },
];

type ImageRow = NonNullable<ClusterSite['images']>[number];

type Late = { readonly image: ImageRow; readonly nodes: readonly string[] };

/** Files that the node does not report as there; all of them if it has reported nothing. */
function lacking(image: ImageRow, node: string): ImageRow['files'] {
  return image.files.filter(({ places }) => !places.some((place) => place.node === node && place.state === 'there'));
}

/** Region nodes that have lacked something of the image for too long. */
function lateOf(image: ImageRow, regions: readonly string[], now: number): readonly Late[] {
  const nodes = regions.filter((node) =>
    lacking(image, node).some(({ places }) => {
      const since = places.find((place) => place.node === node)?.since ?? image.createdAt;
      return now - Math.max(Date.parse(since), Date.parse(image.createdAt)) > SETTLED_MS;
    }),
  );
  return nodes.length === 0 ? [] : [{ image, nodes }];
}

function verdictOf(late: readonly Late[], regions: readonly string[]): InvariantVerdict {
  const nowhere = late.filter(({ nodes }) => nodes.length === regions.length);
  const [first] = nowhere.length > 0 ? nowhere : late;
  const lateImages = [...nowhere, ...late.filter((one) => !nowhere.includes(one))];
  const clauses = lateImages
    .slice(0, NAMED)
    .map(({ image, nodes }) => `${image.name} is incomplete on ${listOf(nodes)}`);
  const more = lateImages.length > NAMED ? `, and ${lateImages.length - NAMED} more` : '';
  const detail = `${clauses.join('; ')}${more}.`;
  const digest = first?.image.digest.slice(0, 12) ?? '';
  const node = first?.nodes[0] ?? '';
  if (nowhere.length > 0)
    return broken(
      detail,
      `No region node has the whole image. Import it again: regent image import FOLDER; or delete it: regent image delete ${digest}. regent image show ${digest} lists the files of each node.`,
    );
  return warning(
    detail,
    `regent image show ${digest} lists the missing files. On ${node}: df -h /var/lib/regent/images; journalctl -u regent-regiond -n 200 | grep image.`,
  );
}
