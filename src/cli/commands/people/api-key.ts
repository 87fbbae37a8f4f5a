import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf } from '../base/plain.ts';
import type { ApiKey, ApiKeyCreated } from '../../../contract/people/user.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Column, Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { need, option, text } from '../../values.ts';

const COLUMNS: readonly Column<ApiKey>[] = [
  { header: 'token', value: (key) => key.token },
  { header: 'title', value: (key) => key.label },
  { header: 'user', value: (key) => key.user },
  { header: 'created', value: (key) => stamp(key.createdAt) },
  { header: 'used', value: (key) => (key.usedAt == null ? 'never' : stamp(key.usedAt)) },
  { header: 'expires', value: (key) => (key.expiresAt === null ? 'never' : stamp(key.expiresAt)) },
];
const SHAPE: Shape<ApiKey> = { kind: 'API key', name: (key) => key.token, columns: COLUMNS };
const CREATED_SHAPE: Shape<ApiKeyCreated> = { kind: 'API key', name: (key) => key.key ?? key.token, columns: COLUMNS };

const DAY_MS = 86_400_000;

/** `regent api-key`. */
export const KEY: NounSpec = {
  noun: 'api-key',
  alias: 'key',
  summary: 'API keys',
  commands: [
    listOf(
      'api-key.list',
      {
        summary: 'list API keys: all for admins and auditors, else the own ones',
        options: { user: textOption('name', 'only those of this user') },
      },
      SHAPE,
    ),
    {
      verb: 'create',
      summary: 'create an API key; it is printed once and stored nowhere',
      args: [{ name: '<title>', help: 'what it is for, such as "backup script"' }],
      options: [
        { flags: '--user <name>', help: 'whose key; your own when left out' },
        { flags: '--expires <when>', help: 'a number of days such as 90d, or a moment such as 2030-01-01T00:00:00Z' },
      ],
      isChange: true,
      examples: [
        "regent api-key create 'backup script' --user backup --expires 365d",
        'regent api-key create ci -o json',
      ],
      run: (call) =>
        runChange(call, {
          route: 'api-key.create',
          input: { body: { label: need(call, 0), ...text(call, 'user'), ...expiryOf(call) } },
          shape: CREATED_SHAPE,
          done: 'created',
          describe: (key) =>
            [
              `API key ${key.token} of ${key.user} created${key.expiresAt === null ? '' : `, good until ${stamp(key.expiresAt)}`}`,
              key.key === null
                ? 'It was shown in the first answer, which was lost; revoke it and create another one.'
                : `${key.key}\nKeep it: it is shown only this once.`,
            ].join('\n'),
        }),
    },
    {
      verb: 'set',
      summary: 'give an API key another title',
      args: [{ name: '<key>', help: 'token: the middle part of the key' }],
      options: [{ flags: '--title <title>', help: 'what it is for' }],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'api-key.set',
          input: { params: { apiKey: publicPart(need(call, 0)) }, body: { label: option(call, 'title') ?? '' } },
          shape: SHAPE,
          done: 'changed',
        }),
    },
    {
      verb: 'revoke',
      summary: 'revoke an API key; it stops working at once',
      args: [{ name: '<key>', help: 'token: the middle part of the key' }],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'api-key.revoke',
          input: { params: { apiKey: publicPart(need(call, 0)) } },
          shape: SHAPE,
          done: 'revoked',
        }),
    },
  ],
};

/** Only the public part goes on, because addresses end up in logs. */
function publicPart(which: string): string {
  const parts = which.split(':');
  return parts.length === 3 ? (parts[1] ?? '') : which;
}

function expiryOf(call: Call): { expiresAt?: string } {
  const value = option(call, 'expires');
  if (value === undefined) return {};
  const days = /^(\d{1,5})d$/.exec(value)?.[1];
  const at = days === undefined ? Date.parse(value) : call.io.now() + Number(days) * DAY_MS;
  if (!Number.isFinite(at) || at <= call.io.now())
    throw usageError(`--expires: "${value}" is not a moment to come. Rule: days such as 90d, or 2030-01-01T00:00:00Z.`);
  return { expiresAt: new Date(at).toISOString() };
}
