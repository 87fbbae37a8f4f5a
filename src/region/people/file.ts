import { FILE_MAX, FILES_MAX } from '../../contract/people/file.ts';
import { accept, invalid, refuse, type Rejected } from '../../core/errors.ts';
import type { FileRow } from '../../store/queries/people/files.ts';
import { countFiles, deleteFile, findFile, listFiles, storeFile } from '../../store/queries/people/files.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { autocommitReading, writing } from '../base/use-case.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const view = (row: FileRow): FileRow => ({ ...row });

/** A name that a file may have; null: it may. */
function nameProblem(name: string): Rejected | null {
  if (!/\p{Cc}/u.test(name)) return null;
  return invalid('file', 'the name has control characters', '1 to 255 characters, none of them a control character');
}

function contentProblem(content: string): Rejected | null {
  const isUsable = content.length % 4 === 0 && BASE64.test(content) && Buffer.byteLength(content, 'base64') <= FILE_MAX;
  return isUsable ? null : invalid('content', 'it is not usable', `base64 of at most ${FILE_MAX} bytes`);
}

/** Files of the caller: nobody else sees them, but by their keys. */
export const fileCases = {
  'file.list': autocommitReading('file.list', async (tx, { query }, { caller }) =>
    pageBody(await listFiles(tx, { ...query, owner: caller.user }), view, query),
  ),

  'file.show': autocommitReading('file.show', async (tx, { params }, { caller }) => {
    const row = await findFile(tx, { owner: caller.user, name: params.file });
    return row === null ? refuse(noSuch('file of your own', params.file)) : { body: { ...row } };
  }),

  'file.by-key': autocommitReading('file.by-key', async (tx, { params }) => {
    const row = await findFile(tx, { key: params.key });
    return row === null ? refuse('not_found', 'There is no file with this key.') : { body: { ...row } };
  }),

  'file.set': writing(
    'file.set',
    ({ params }) => `file set ${params.file}`,
    async (tx, { params, body }, { caller, random }) => {
      accept(nameProblem(params.file) ?? contentProblem(body.content));
      const own = { owner: caller.user, name: params.file };
      if ((await countFiles(tx, caller.user)) >= FILES_MAX && (await findFile(tx, own)) === null)
        refuse('conflict', `${caller.user} has ${FILES_MAX} files. Rule: at most ${FILES_MAX}; delete one first.`);
      const row = await storeFile(tx, { ...own, key: random.hex(16), content: body.content });
      if (row === null) refuse(noSuch('user', caller.user));
      tx.emit({ kind: 'file.stored', subject: params.file, data: { owner: caller.user, size: row.size } });
      return { body: view(row) };
    },
  ),

  'file.delete': writing(
    'file.delete',
    ({ params }) => `file delete ${params.file}`,
    async (tx, { params }, { caller }) => {
      const row = await deleteFile(tx, caller.user, params.file);
      if (row === null) refuse(noSuch('file of your own', params.file));
      tx.emit({ kind: 'file.deleted', subject: params.file, data: { owner: caller.user } });
      return { body: view(row) };
    },
  ),
};
