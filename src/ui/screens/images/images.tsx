import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Image } from '../../../contract/images/image.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { sizeText } from '../../models/base/size.ts';
import { copiesTone, wholeOnRacks } from '../../models/images/images.ts';
import { Button } from '../../parts/button.tsx';
import { State } from '../../parts/icon.tsx';
import { agoColumn, linkColumn } from '../../parts/kinds.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';
import { ImagePage } from './image.tsx';
import { Sources } from './sources.tsx';
import { UploadDialog } from './upload.tsx';

const TEXTS = EN.images;
const EVERY_MS = 5000;
const linkOf = (row: Image) => linkTo(['images', row.digest]);

const COLUMNS: readonly Column<Image>[] = [
  linkColumn('name', TEXTS.columns.name, (row) => row.name, linkOf),
  { id: 'kind', head: TEXTS.columns.kind, value: (row) => row.kind },
  { id: 'architecture', head: TEXTS.columns.architecture, value: (row) => row.architecture, isMinor: true },
  { id: 'size', head: TEXTS.columns.size, value: (row) => row.size, cell: (row) => sizeText(row.size), isNumber: true },
  {
    id: 'copies',
    head: TEXTS.columns.copies,
    value: (row) => row.wholeOn.length,
    cell: (row) => <State tone={copiesTone(row)} label={TEXTS.copies(row.wholeOn.length, row.regions.length)} />,
  },
  { id: 'racks', head: TEXTS.columns.racks, value: (row) => wholeOnRacks(row).length, isNumber: true, isMinor: true },
  { id: 'default', head: TEXTS.columns.default, value: (row) => (row.isDefault ? TEXTS.isDefault : ''), isMinor: true },
  agoColumn('created', TEXTS.columns.created, (row) => row.createdAt, { isMinor: true }),
  { id: 'digest', head: TEXTS.columns.digest, value: (row) => row.digest.slice(0, 12), isMinor: true },
];

/** What is below the line of images in the navigation. */
export function images([digest, ...more]: readonly string[]): JSX.Element | null {
  if (more.length > 0) return null;
  return digest === undefined ? <Images /> : <ImagePage key={digest} digest={digest} />;
}

/** Every image, and where images come from. */
function Images(): JSX.Element {
  const may = useMay();
  const list = useList('image.list', {}, { nouns: ['image', 'image-sync'], everyMs: EVERY_MS });
  const [isUploading, setUploading] = useState(false);
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.images}
      actions={may.administer && <Button onClick={() => setUploading(true)}>{TEXTS.upload.title}</Button>}
    >
      <MainList view={list.view} texts={TEXTS} columns={COLUMNS} keyOf={(row) => row.digest} linkOf={linkOf} />
      <Sources />
      {isUploading && <UploadDialog onClose={() => setUploading(false)} />}
    </Page>
  );
}
