import Type, { type Static } from 'typebox';
import { listQuery, page, strict, Time, text } from '../base/common.ts';
import { del, EVERYBODY, get, KEY_OWNERS, put } from '../base/route-spec.ts';

/** Bounds of a file: bytes, bytes as base64, and how many a user has at most. */
export const FILE_MAX = 3 * 1024 * 1024;
const BASE64_MAX = (FILE_MAX / 3) * 4;
export const FILES_MAX = 256;

const Head = {
  name: Type.String(),
  key: Type.String({ description: 'whoever knows it may read the file' }),
  size: Type.Integer({ description: 'bytes' }),
  updatedAt: Time,
};

/** A file that a tool of a user keeps here. */
export const StoredFile = strict(Head);
export type StoredFile = Static<typeof StoredFile>;

const WithContent = strict({ ...Head, content: Type.String({ description: 'base64' }) });
const Params = strict({ file: text(255, 'name') });
const Put = strict({
  content: Type.String({ maxLength: BASE64_MAX, description: `base64 of at most ${FILE_MAX} bytes` }),
});
const ListQuery = listQuery({ prefix: Type.Optional(text(255, 'begin of the name')) }, ['name']);

/** Calls about files of the caller. */
export const FILE_ROUTES = {
  'file.list': get('/files', 'List files of the caller', {
    roles: EVERYBODY,
    query: ListQuery,
    response: page(StoredFile),
  }),
  'file.show': get('/files/{file}', 'Show a file of the caller', {
    roles: EVERYBODY,
    params: Params,
    response: WithContent,
  }),
  'file.by-key': get('/file-keys/{key}', 'Show the file of a key, whosever it is', {
    roles: EVERYBODY,
    params: strict({ key: text(64) }),
    response: WithContent,
  }),
  'file.set': put('/files/{file}', 'Keep a file; one of the same name is replaced', {
    roles: KEY_OWNERS,
    params: Params,
    body: Put,
    response: StoredFile,
    hasEtag: false,
    bodyLimit: BASE64_MAX + 1024,
  }),
  'file.delete': del('/files/{file}', 'Delete a file of the caller', {
    roles: KEY_OWNERS,
    params: Params,
    response: StoredFile,
    hasEtag: false,
  }),
} as const;
