import { accept, refuse } from '../../core/errors.ts';
import { formatKeySource, parseKeySource, readKeys } from '../../model/people/key-source.ts';
import { createSshKey, keysOfUser } from '../../store/queries/people/ssh-keys.ts';
import { readSettings } from '../../store/snapshot.ts';
import { askingFirst } from '../base/use-case.ts';
import { keyOwner, keyView, KEYS_MOST } from './ssh-keys.ts';

/** Use cases of keys that are stored elsewhere. */
export const keySourceCases = {
  'ssh-key.import': askingFirst(
    'ssh-key.import',
    ({ body }) => `ssh-key import ${body.source} ${body.user ?? ''}`.trim(),
    async ({ body }, { caller, readKeys: ask }, read) => {
      const source = accept(parseKeySource(body.source));
      const settings = await read(async (tx) => {
        await keyOwner(tx, body.user, caller);
        return readSettings(tx);
      });
      const text = accept(await ask(source, settings.http_proxy));
      return { source, text };
    },
    async (tx, { body }, { caller }, { source, text }) => {
      const owner = await keyOwner(tx, body.user, caller);
      const read = accept(readKeys(source, text));
      const own = await keysOfUser(tx, owner);
      const fresh = read.keys.filter(({ data }) => !own.some((key) => key.data === data));
      if (own.length + fresh.length > KEYS_MOST)
        refuse(
          'conflict',
          `${owner} has ${own.length} SSH keys, and ${body.source} has ${fresh.length} others. Rule: at most ${KEYS_MOST}; delete some first.`,
        );
      const imported = formatKeySource(source);
      for (const key of fresh) {
        const { type, fingerprint } = await createSshKey(tx, { ...key, user: owner, source: imported });
        tx.emit({ kind: 'ssh-key.added', subject: owner, data: { type, fingerprint, source: imported } });
      }
      const items = (await keysOfUser(tx, owner)).filter(({ data }) => read.keys.some((key) => key.data === data));
      return { body: { source: imported, added: fresh.length, items: items.map(keyView), refused: [...read.refused] } };
    },
  ),
};
