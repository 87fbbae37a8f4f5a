import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { printOne, type Shape } from '../../format/output.ts';
import type { Me } from '../../../contract/people/user.ts';

/** The caller, with the address of the region that answered. */
type Identity = Me & { readonly url: string };

const SHAPE: Shape<Identity> = {
  kind: 'caller',
  name: ({ user }) => user,
  columns: [
    { header: 'user', value: ({ user }) => user },
    { header: 'role', value: ({ role }) => role },
    { header: 'email', value: ({ email }) => email },
    { header: 'region', value: ({ url }) => url },
  ],
};

/** `regent whoami`. */
export const WHOAMI: NounSpec = {
  noun: 'whoami',
  summary: 'which user and role this command line has, at which region',
  commands: [{ verb: '', summary: 'show the user, the role and the region of this command line', run: showCaller }],
};

async function showCaller(call: Call): Promise<void> {
  const { client, url } = await call.region();
  const { body } = await client.call('me.show', {});
  await printOne(printerOf(call), SHAPE, { ...body, url });
}
