import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf, changeOf } from '../base/plain.ts';
import { FILE_MAX, type StoredFile } from '../../../contract/people/file.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Shape } from '../../format/output.ts';
import { need } from '../../values.ts';

const SHAPE: Shape<StoredFile> = {
  kind: 'file',
  name: ({ name }) => name,
  columns: [
    { header: 'name', value: ({ name }) => name },
    { header: 'size', value: ({ size }) => String(size) },
    { header: 'updated', value: ({ updatedAt }) => updatedAt },
    { header: 'key', wide: true, value: ({ key }) => key },
  ],
};

const WHICH = { name: '<file>', help: 'its name' } as const;

/** `regent file`: what tools such as Juju keep for the caller. */
export const FILE: NounSpec = {
  noun: 'file',
  summary: 'files that you, and tools with your key, keep in the region',
  commands: [
    listOf(
      'file.list',
      { summary: 'list your files', options: { prefix: textOption('text', 'those whose names begin so') } },
      SHAPE,
    ),
    {
      verb: 'put',
      summary: 'keep a file; one of the same name is replaced',
      args: [WHICH, { name: '<content>', help: '@FILE, or - for standard input' }],
      isChange: true,
      examples: ['regent file put notes @notes.txt'],
      run: async (call) =>
        runChange(call, {
          route: 'file.set',
          input: { params: { file: need(call, 0) }, body: { content: (await contentOf(call)).toString('base64') } },
          shape: SHAPE,
          done: 'stored',
        }),
    },
    {
      verb: 'download',
      summary: 'print the content of a file, which is a text',
      args: [WHICH],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('file.show', { params: { file: need(call, 0) } });
        const bytes = Buffer.from(body.content, 'base64');
        const text = bytes.toString('utf8');
        if (!Buffer.from(text).equals(bytes))
          throw usageError(`${body.name} is not text: GET /api/v1/files/NAME has it in base64.`);
        call.io.out.write(text);
      },
    },
    changeOf(
      'file.delete',
      'file',
      { verb: 'delete', summary: 'delete a file', args: [WHICH] },
      { shape: SHAPE, done: 'deleted' },
    ),
  ],
};

async function contentOf(call: Call): Promise<Buffer> {
  const given = need(call, 1);
  if (given === '-') return Buffer.from(await call.io.readInput());
  if (!given.startsWith('@')) throw usageError('The content is @FILE, or - for standard input.');
  const path = given.slice(1);
  const file = await call.io.openFile(path);
  if (file === null) throw usageError(`There is no file ${path}.`);
  if (file.size > FILE_MAX) throw usageError(`${path} has ${file.size} bytes. Rule: at most ${FILE_MAX}.`);
  return Buffer.from(await file.readAt(0, file.size));
}
