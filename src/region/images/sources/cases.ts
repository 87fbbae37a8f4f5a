import type { ImageSync } from '../../../contract/images/image-sync.ts';
import { accept, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { askSync, listSyncs, type SyncRow } from '../../../store/queries/images/image-syncs.ts';
import { declaredByRef } from '../../base/declared.ts';
import { pageBody, pageInMemory } from '../../base/paging.ts';
import { reading, writing } from '../../base/use-case.ts';

/** Use cases of fetching images from boot sources. */
export const sourceCases = {
  'image-sync.list': reading('image-sync.list', async (tx, { query }) => {
    const order = {
      sorts: { source: (row: SyncRow) => row.source },
      defaultSort: 'source',
      key: (row: SyncRow) => row.source,
    };
    const page = accept(pageInMemory(await listSyncs(tx), order, query));
    return pageBody(page, view, query);
  }),

  'image-sync.create': writing(
    'image-sync.create',
    ({ params }) => `image sync ${params.source}`,
    async (tx, { params }) => {
      const source = await declaredByRef(tx, 'boot-source', params.source);
      accept(notUsable(source));
      await askSync(tx, source.id);
      const row = (await listSyncs(tx)).find((one) => one.source === source.name);
      return row
        ? { body: view(row) }
        : refuse('not_found', `The boot source ${source.name} does not exist or was deleted.`);
    },
  ),
};

type SourceAccess = { readonly name: string; readonly sourceUrl: string; readonly keyring: string };

function notUsable({ name, sourceUrl: url, keyring }: SourceAccess): Rejected | null {
  if (url === '')
    return rejected(
      'conflict',
      `${name} has no address. Give it one: regent boot-source set ${name} --source-url URL.`,
    );
  if (keyring !== '' || url.startsWith('https:')) return null;
  const rule = 'over plain http, only a signature makes an image trusted';
  return rejected(
    'conflict',
    `${name} has no key. ${rule}: regent boot-source set ${name} --keyring @FILE, or an address with https.`,
  );
}

function view({ isWell, ...row }: SyncRow): ImageSync {
  const ended = isWell ? 'done' : 'failed';
  return { ...row, state: row.endedAt === null ? (row.node === '' ? 'waiting' : 'running') : ended };
}
