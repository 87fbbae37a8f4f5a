import { sql } from 'kysely';
import type { ImageContent } from '../../../model/images/content.ts';
import type { ImageArchitecture, ImageFile, ImageKind, PlaceState } from '../../../model/images/image.ts';
import { canonicalAddress } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

/** Where a file is, or is not, as that node reports. */
export type PlaceRow = { readonly node: string; readonly state: PlaceState; readonly since: string };

/** An image with its files, and what each region node that has checked reports of them. */
export interface ImageRow {
  readonly digest: string;
  readonly name: string;
  readonly kind: ImageKind;
  readonly architecture: ImageArchitecture;
  readonly kernel: string;
  readonly isDefault: boolean;
  /** Of a deployable image. `bytes`: unpacked, if its source gives it or somebody has unpacked it. */
  readonly content: (Pick<ImageContent, 'format' | 'compression' | 'bytes'> & { readonly cloudInit: boolean }) | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly files: readonly (ImageFile & { readonly places: readonly PlaceRow[] })[];
}

const ISO = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);
const COLUMNS = sql`i.digest, i.name, i.kind, i.architecture, i.kernel, i.is_default as "isDefault",
  case when i.format is not null then jsonb_build_object('format', i.format, 'compression', i.compression, 'bytes', i.unpacked,
    'cloudInit', i.cloud_init) end as content,
  i.created_by as "createdBy", i.created_at as "createdAt",
  (select jsonb_agg(jsonb_build_object('name', f.name, 'size', f.size, 'sha256', f.sha256, 'places', coalesce((
      select jsonb_agg(jsonb_build_object('node', n.name, 'state', p.state,
        'since', to_char(p.since at time zone 'UTC', ${ISO})) order by n.name collate "C")
      from image_places p join nodes n on n.id = p.node_id and n.is_region
      where p.image = f.image and p.file = f.name), '[]')) order by f.name collate "C")
    from image_files f where f.image = i.digest) as files`;

/** All images, the newest first. */
export function listImages(tx: Tx): Promise<ImageRow[]> {
  return tx.all(sql<ImageRow>`select ${COLUMNS} from images i order by i.created_at desc, i.digest collate "C"`);
}

/** Images whose digest begins so, at most two. */
export function findImages(tx: Tx, prefix: string): Promise<ImageRow[]> {
  return tx.all(sql<ImageRow>`
    select ${COLUMNS} from images i where starts_with(i.digest, ${prefix}) order by i.digest collate "C" limit 2`);
}

/** A rack's report on a file that it fetches before machines need it. */
export interface RackCopyRow {
  readonly image: string;
  readonly file: string;
  readonly node: string;
  readonly isThere: boolean;
  readonly since: string;
}

/** What racks say of files of an image, or of all images; of racks by name. */
export function readRackCopies(tx: Tx, digest?: string): Promise<RackCopyRow[]> {
  return tx.all(sql<RackCopyRow>`
    select split_part(c ->> 'path', '/', 2) as image, split_part(c ->> 'path', '/', 3) as file, n.name as node,
      (c ->> 'isThere')::boolean as "isThere", c ->> 'since' as since
    from node_observations o join nodes n on n.id = o.node_id and n.is_rack
      cross join lateral jsonb_array_elements(case when jsonb_typeof(o.host -> 'copies') = 'array' then o.host -> 'copies' else '[]' end) c
    where starts_with(c ->> 'path', ${digest === undefined ? 'images/' : `images/${digest}/`}) order by n.name collate "C"`);
}

/** Images of this name, the newest first. */
export function findImagesByName(tx: Tx, name: string): Promise<ImageRow[]> {
  return tx.all(sql<ImageRow>`
    select ${COLUMNS} from images i where i.name = ${name} order by i.created_at desc, i.digest collate "C"`);
}

/** Bytes of all other images, until COMMIT nobody adds one; null: the image is known already. */
export async function lockImageBytes(tx: Tx, digest: string): Promise<number | null> {
  await tx.run(sql`lock table images in share row exclusive mode`);
  const row = await tx.one(sql<{ bytes: number; isKnown: boolean }>`
    select coalesce(sum(size), 0)::float8 as bytes, exists (select from images where digest = ${digest}) as "isKnown" from image_files`);
  return row === null || row.isKnown ? null : row.bytes;
}

/** A new image. */
export interface NewImage extends Pick<ImageRow, 'digest' | 'name' | 'kind' | 'architecture' | 'kernel' | 'createdBy'> {
  readonly manifest: string;
  readonly content: ImageContent | null;
  readonly files: readonly ImageFile[];
}

/** Stores it; false: it is there already, perhaps since this moment. */
export async function createImage(tx: Tx, image: NewImage): Promise<boolean> {
  const { digest, name, kind, architecture, kernel, manifest, content, createdBy, files } = image;
  const { format = null, compression = null, hasCloudInit = null, bytes = null } = content ?? {};
  const added = await tx.run(sql`
    insert into images (digest, name, kind, architecture, kernel, manifest, created_by, format, compression, cloud_init, unpacked)
    values (${digest}, ${name}, ${kind}, ${architecture}, ${kernel}, ${manifest}, ${createdBy}, ${format}, ${compression},
      ${hasCloudInit}, ${bytes}) on conflict (digest) do nothing`);
  if (added === 0) return false;
  await tx.run(sql`insert into image_files (image, name, size, sha256)
    select ${digest}, f.name, f.size, f.sha256 from unnest(${files.map((file) => file.name)}::text[],
      ${files.map((file) => file.size)}::bigint[], ${files.map((file) => file.sha256)}::text[]) as f (name, size, sha256)`);
  return true;
}

/** Somebody has unpacked its root. */
export async function storeUnpacked(tx: Tx, digest: string, bytes: number): Promise<void> {
  await tx.run(
    sql`update images set unpacked = ${bytes} where digest = ${digest} and unpacked is distinct from ${bytes}`,
  );
}

/** Deletes the row; nodes delete their files when they see that. */
export async function deleteImage(tx: Tx, digest: string): Promise<void> {
  await tx.run(sql`delete from images where digest = ${digest}`);
}

/** Deletes an image that no region node ever had whole; gives its name, null: it was whole once, or nobody knows it. */
export async function deleteNeverWhole(tx: Tx, digest: string): Promise<string | null> {
  const row = await tx.one(sql<{
    name: string;
  }>`delete from images i where digest = ${digest} and whole_at is null and not is_default
    and not exists (select from machine_deployments where image = i.digest)
    and exists (select from image_files f where f.image = i.digest
      and not exists (select from image_places p where p.image = f.image and p.file = f.name and p.state = 'there'))
    returning name`);
  return row?.name ?? null;
}

/** Machines of the image's architecture commission by it from now on. Two at once wait for each other. */
export async function setDefaultImage(tx: Tx, { digest, architecture }: Pick<ImageRow, 'digest' | 'architecture'>) {
  await tx.run(sql`select from images where architecture = ${architecture} order by digest for no key update`);
  await tx.run(sql`update images set is_default = false where architecture = ${architecture} and is_default`);
  await tx.run(sql`update images set is_default = true where digest = ${digest}`);
}

/** The text that an image is named by; null: there is no such image. */
export async function readManifest(tx: Tx, digest: string): Promise<string | null> {
  const row = await tx.one(sql<{ manifest: string }>`select manifest from images where digest = ${digest}`);
  return row?.manifest ?? null;
}

/** A file that a region node must have. `state` null: it has never reported it. `sources`: addresses of other region nodes that report to have it. */
export interface WantedRow extends ImageFile {
  readonly image: string;
  readonly state: PlaceState | null;
  readonly sources: readonly string[];
}

/** All files of all images as the region node of this name sees them; null: there is no such region node. */
export async function readWanted(
  tx: Tx,
  node: string,
): Promise<{ readonly id: string; readonly files: readonly WantedRow[] } | null> {
  const own = await tx.one(sql<{ id: string }>`select id from nodes where name = ${node} and is_region`);
  if (own === null) return null;
  const rows = await tx.all(sql<WantedRow>`
    select f.image, f.name, f.size, f.sha256, p.state, array(
      select host(n.addresses[1]) from image_places o join nodes n on n.id = o.node_id
      where o.image = f.image and o.file = f.name and o.state = 'there' and n.id <> ${own.id}
        and n.is_region and cardinality(n.addresses) > 0 order by n.id collate "C") as sources
    from image_files f left join image_places p on p.node_id = ${own.id} and p.image = f.image and p.file = f.name
    order by f.image collate "C", f.size`);
  return { id: own.id, files: rows.map((row) => ({ ...row, sources: row.sources.map(canonicalAddress) })) };
}

/** Addresses of the other region nodes. */
export async function readPeerAddresses(tx: Tx, node: string): Promise<readonly string[]> {
  const rows = await tx.all(sql<{ address: string }>`select host(addresses[1]) as address from nodes
    where is_region and name <> ${node} and cardinality(addresses) > 0 order by id collate "C"`);
  return rows.map(({ address }) => canonicalAddress(address));
}

/** A file as its node stands to it. */
export type PlaceChange = { readonly image: string; readonly file: string; readonly state: PlaceState };

/** Notes what changed; a state that is known already keeps its time. Files of images that are gone are left out. */
export async function storePlaces(tx: Tx, nodeId: string, changes: readonly PlaceChange[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.run(sql`
    insert into image_places (node_id, image, file, state)
    select n.id, f.image, f.name, c.state
    from unnest(${changes.map(({ image }) => image)}::text[], ${changes.map(({ file }) => file)}::text[],
      ${changes.map(({ state }) => state)}::text[]) as c (image, file, state)
    join image_files f on f.image = c.image and f.name = c.file join nodes n on n.id = ${nodeId}
    order by f.image, f.name
    on conflict (node_id, image, file) do update set state = excluded.state, since = now() where image_places.state <> excluded.state`);
  const arrived = changes.filter(({ state }) => state === 'there').map(({ image }) => image);
  if (arrived.length === 0) return;
  await tx.run(sql`update images i set whole_at = now() where i.digest = any(${[...new Set(arrived)]}::text[]) and i.whole_at is null
    and not exists (select from image_files f where f.image = i.digest
      and not exists (select from image_places p where p.image = f.image and p.file = f.name and p.state = 'there'))`);
}
