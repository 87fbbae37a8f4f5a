import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ImageSync } from '../../../contract/images/image-sync.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { sizeText } from '../../models/base/size.ts';
import { syncShare, syncTone } from '../../models/images/images.ts';
import { dataOf } from '../../models/base/view.ts';
import { Button } from '../../parts/button.tsx';
import { ActionDialog } from '../../parts/change.tsx';
import { State } from '../../parts/icon.tsx';
import { SectionList } from '../../parts/main-list.tsx';
import { Pending, Section } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import type { Column } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { type BootSourceRow, SourceDialog } from './source-dialog.tsx';

const TEXTS = EN.images.sources;
type SourceDialogState =
  | { readonly do: 'add' }
  | { readonly do: 'sync' | 'change' | 'delete'; readonly source: BootSourceRow };

/** Where images come from, what is wanted of it, and how far its sync is. */
export function Sources(): JSX.Element {
  const may = useMay();
  const sources = useList('boot-source.list', {}, { nouns: ['boot-source'] });
  const syncs = useList('image-sync.list', {}, { nouns: ['image-sync', 'image', 'boot-source'], everyMs: 2000 });
  const [open, setOpen] = useState<SourceDialogState | null>(null);
  const bySource = new Map((dataOf(syncs.view) ?? []).map((sync) => [sync.source, sync]));
  const columns: readonly Column<BootSourceRow>[] = [
    { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
    { id: 'type', head: TEXTS.columns.type, value: (row) => row.type, isMinor: true },
    { id: 'url', head: TEXTS.columns.url, value: (row) => row.sourceUrl, isMinor: true },
    { id: 'selections', head: TEXTS.columns.selections, value: (row) => row.selections || TEXTS.all },
    {
      id: 'state',
      head: TEXTS.columns.state,
      value: (row) => bySource.get(row.name)?.state ?? TEXTS.never,
      cell: (row) => <Pending view={syncs.view}>{() => <SyncState sync={bySource.get(row.name)} />}</Pending>,
    },
    {
      id: 'progress',
      head: TEXTS.columns.progress,
      value: (row) => bySource.get(row.name)?.fetched ?? null,
      cell: (row) => <Pending view={syncs.view}>{() => <SyncProgress sync={bySource.get(row.name)} />}</Pending>,
    },
    ...(may.administer
      ? [
          actionColumn<BootSourceRow>(
            TEXTS.columns.do,
            (row) => row.name,
            (row) =>
              (['sync', 'change', 'delete'] as const).map((action) => ({
                label: TEXTS[action],
                run: () => setOpen({ do: action, source: row }),
              })),
          ),
        ]
      : []),
  ];
  return (
    <Section title={TEXTS.title}>
      <SectionList
        view={sources.view}
        texts={{ title: TEXTS.title, empty: TEXTS.none }}
        columns={columns}
        keyOf={(row) => String(row.id)}
      />
      {may.administer && (
        <div class="actions">
          <Button onClick={() => setOpen({ do: 'add' })}>{TEXTS.add}</Button>
        </div>
      )}
      {open !== null && <SourceDialogs open={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function SourceDialogs({
  open,
  onClose,
}: {
  readonly open: SourceDialogState;
  readonly onClose: () => void;
}): JSX.Element {
  if (open.do === 'add') return <SourceDialog source={null} onClose={onClose} />;
  const { source } = open;
  if (open.do === 'change') return <SourceDialog source={source} onClose={onClose} />;
  if (open.do === 'sync')
    return (
      <ActionDialog
        title={`${TEXTS.sync} ${source.name}`}
        text={TEXTS.syncAll}
        id="image-sync.create"
        input={{ params: { source: source.name } }}
        cli={`regent image sync ${source.name} --follow`}
        onClose={onClose}
      />
    );
  return (
    <ActionDialog
      title={`${TEXTS.delete} ${source.name}`}
      text={TEXTS.deleteText(source.name)}
      id="boot-source.delete"
      input={{ params: { boot_source: source.name } }}
      cli={`regent boot-source delete ${source.name}`}
      confirm={source.name}
      onClose={onClose}
    />
  );
}

function SyncState({ sync }: { readonly sync: ImageSync | undefined }): JSX.Element {
  if (sync === undefined) return <State tone="off" label={TEXTS.never} />;
  return (
    <>
      <State tone={syncTone(sync.state)} label={TEXTS.syncStates[sync.state]} />{' '}
      {sync.endedAt !== null && <Ago at={sync.endedAt} />} {sync.problem}
    </>
  );
}

function SyncProgress({ sync }: { readonly sync: ImageSync | undefined }): JSX.Element | string {
  if (sync === undefined) return '';
  const text = TEXTS.fetched(sync.fetched, sync.images);
  if (sync.state !== 'running') return text;
  return (
    <span class="progress">
      <progress max={1} value={syncShare(sync)} aria-label={text} />
      {text}
      {sync.file !== '' && `, ${TEXTS.file(sync.file, sizeText(sync.received, 1024), sizeText(sync.size, 1024))}`}
    </span>
  );
}
