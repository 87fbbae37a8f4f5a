import type { StoredFile } from '../../../../contract/people/file.ts';
import { bytes, json, nothing } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { MAAS_PREFIX } from '../../prefix.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { badValue } from '../base/refusals.ts';

/** Files of the caller, such as what Juju notes about its controllers. */
export const FILE_HANDLERS: Handlers = {
  'Files.read': async ({ site, args }) =>
    json((await site.all('file.list', { prefix: args.text('prefix') || undefined })).map(view)),
  'Files.create': async ({ site, args }) => {
    const file = args.text('filename') ?? '';
    const [first, second] = args.files();
    if (second !== undefined) badValue('file', 'there are several', 'one file');
    const content = first === undefined ? Buffer.from(args.text('file') ?? '') : first.content;
    const body = { content: content.toString('base64') };
    return json(view(await site.call('file.set', { params: { file }, body })), 201);
  },
  'Files.get': async ({ site, args }) => {
    const { content } = await site.call('file.show', { params: { file: args.text('filename') ?? '' } });
    return bytes(Buffer.from(content, 'base64'));
  },
  'Files.get_by_key': async ({ site, args }) => {
    const { content } = await site.call('file.by-key', { params: { key: args.text('key') ?? '' } });
    return bytes(Buffer.from(content, 'base64'));
  },
  'Files.delete': async (call) => {
    const file = call.args.text('filename') || badValue('filename', 'it is missing', 'the name of a file');
    return remove(call, file);
  },
  'File.read': async ({ site, path }) => {
    const file = await site.call('file.show', { params: { file: path['filename'] ?? '' } });
    return json({ ...view(file), content: file.content });
  },
  'File.delete': async (call) => remove(call, call.path['filename'] ?? ''),
};

async function remove({ site }: MaasCall, file: string) {
  await site.call('file.delete', { params: { file } });
  return nothing();
}

function view({ name, key }: Pick<StoredFile, 'name' | 'key'>) {
  return {
    filename: name,
    anon_resource_uri: `${MAAS_PREFIX}/files/?op=get_by_key&key=${key}`,
    resource_uri: uriOf('files', name),
  };
}
