import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf } from '../base/plain.ts';
import type { Token, TokenCreated } from '../../../contract/cluster/trust.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Column, Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { integer, need, option, text } from '../../values.ts';

const COLUMNS: readonly Column<Token>[] = [
  { header: 'id', value: (token) => token.id },
  { header: 'role', value: roleOf },
  { header: 'state', value: (token) => token.state },
  { header: 'created by', value: (token) => token.createdBy },
  { header: 'expires', value: (token) => stamp(token.expiresAt) },
  { header: 'used by', value: (token) => token.usedBy ?? '' },
];
const SHAPE: Shape<Token> = { kind: 'join token', name: (token) => token.id, columns: COLUMNS };
const CREATED: Shape<TokenCreated> = { kind: 'join token', name: (token) => token.token ?? token.id, columns: COLUMNS };

/** `regent token`. */
export const TOKEN: NounSpec = {
  noun: 'token',
  summary: 'join tokens: each lets one host in, as a region node, a rack, or both',
  commands: [
    {
      verb: 'create',
      summary: 'create a join token; it is printed once and stored nowhere',
      options: [
        { flags: '--role <role>', help: 'what the host will be', values: ['region', 'rack', 'region,rack'] },
        { flags: '--place <node>', help: 'it takes the place of this lost node, under its name: regent node replace' },
        { flags: '--minutes <n>', help: 'how long it is valid, 1 to 15; 15 when left out' },
      ],
      isChange: true,
      examples: ['regent token create --role region', 'regent token create --role rack --minutes 5 -o json'],
      run: (call) =>
        runChange(call, {
          route: 'token.create',
          input: { body: { ...rolesOf(call), ...minutesOf(call), ...text(call, 'place') } },
          shape: CREATED,
          done: 'created',
          next: { unavailable: ['On a region node: ls -l /etc/regent/pki'] },
          describe: (token) =>
            [
              `Join token ${token.id} for one ${roleOf(token)} created, valid until ${stamp(token.expiresAt)}.`,
              ...(token.token === null
                ? ['It was shown in the first answer, which was lost; revoke it and create another one.']
                : [
                    'It is shown only this once. On the new host, as root: regent join -, which asks for it:',
                    token.token,
                  ]),
            ].join('\n'),
        }),
    },
    listOf(
      'token.list',
      {
        summary: 'list join tokens of the last days, without their secrets',
        options: { state: textOption('state', 'only those', ['open', 'used', 'expired', 'revoked']) },
      },
      SHAPE,
    ),
    {
      verb: 'revoke',
      summary: 'revoke a join token; a host that joined with it stays',
      args: [{ name: '<token>', help: 'its id: regent token list' }],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'token.revoke',
          input: { params: { token: idOf(need(call, 0)) } },
          shape: SHAPE,
          done: 'revoked',
          next: { not_found: ['regent token list'] },
        }),
    },
  ],
};

function roleOf({ isRegion, isRack }: Pick<Token, 'isRegion' | 'isRack'>): string {
  return [isRegion ? 'region' : '', isRack ? 'rack' : ''].filter((role) => role !== '').join(',');
}

function rolesOf(call: Call): { isRegion: boolean; isRack: boolean } {
  const role = option(call, 'role');
  if (role === undefined) throw usageError('Which role? Give --role region, --role rack or --role region,rack.');
  const parts = role.split(',');
  return { isRegion: parts.includes('region'), isRack: parts.includes('rack') };
}

function minutesOf(call: Call): { minutes?: number } {
  const value = option(call, 'minutes');
  return value === undefined ? {} : { minutes: integer(value, '--minutes', 'a whole number of minutes, 1 to 15') };
}

/** A whole token never goes into an address, because addresses end up in logs. */
function idOf(which: string): string {
  if (/^[a-zA-Z0-9]{1,12}$/.test(which)) return which;
  throw usageError('This is not the id of a join token: twelve of a–z and 0–9.', ['regent token list']);
}
