import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf, changeOf } from '../base/plain.ts';
import type { AuditEntry } from '../../../contract/people/audit.ts';
import type { Session } from '../../../contract/people/session.ts';
import { auditSentence } from '../../../contract/site/wire/change-sentence.ts';
import { askHistory } from '../../../contract/site/wire/older.ts';
import { plainSentence } from '../../../contract/site/wire/sentence.ts';
import type { NounSpec } from '../../command-spec.ts';
import type { Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { AUDIT_OPTIONS, historyQuery, printHistory } from '../base/history-options.ts';
import { integer, option, sinceOf, text } from '../../values.ts';

const SESSION_SHAPE: Shape<Session> = {
  kind: 'session',
  name: (session) => session.id,
  columns: [
    { header: 'id', value: (session) => session.id },
    { header: 'user', value: (session) => session.user },
    { header: 'may', value: (session) => (session.isReadOnly ? 'read' : 'change') },
    { header: 'by', value: (session) => (session.apiKey === null ? 'password' : `key ${session.apiKey}`) },
    { header: 'from', value: (session) => session.address },
    { header: 'started', value: (session) => stamp(session.createdAt) },
    { header: 'seen', value: (session) => stamp(session.seenAt) },
    { header: 'ends', value: (session) => stamp(session.expiresAt) },
    { header: 'browser', wide: true, value: (session) => session.agent },
  ],
};

const AUDIT_SHAPE: Shape<AuditEntry> = {
  kind: 'entry',
  name: (entry) => String(entry.id),
  columns: [
    { header: 'id', value: (entry) => String(entry.id) },
    { header: 'at', value: (entry) => stamp(entry.at) },
    { header: 'what', value: (entry) => whatOf(entry) },
    { header: 'from', value: (entry) => entry.origin },
    { header: 'outcome', value: (entry) => entry.outcome },
    { header: 'who', wide: true, value: (entry) => entry.who },
    { header: 'action', wide: true, value: (entry) => entry.action },
  ],
};

const whatOf = (entry: AuditEntry): string => plainSentence(auditSentence(entry));

/** `regent session`. */
export const SESSION: NounSpec = {
  noun: 'session',
  summary: 'sessions of browsers in the user interface',
  commands: [
    listOf(
      'session.list',
      {
        summary: 'list sessions: all for admins and auditors, else the own ones',
        options: { user: textOption('name', 'only those of this user') },
      },
      SESSION_SHAPE,
    ),
    changeOf(
      'session.end',
      'session',
      {
        verb: 'end',
        summary: 'end a session: its browser has to log in again within seconds',
        args: [{ name: '<session>', help: 'id' }],
      },
      { shape: SESSION_SHAPE, done: 'ended' },
    ),
  ],
};

/** `regent audit`. */
export const AUDIT: NounSpec = {
  noun: 'audit',
  summary: 'who changed what, and what was refused',
  commands: [
    {
      verb: 'list',
      summary: 'list changes, refusals and logins, newest first',
      options: [
        { flags: '--who <name>', help: 'only of this user, node:ID or system:TASK' },
        { flags: '--from <origin>', help: 'only from here: api, ui, maas, host, login' },
        { flags: '--action <text>', help: 'only those whose action has this text' },
        ...AUDIT_OPTIONS,
        { flags: '--refused', help: 'only refusals' },
        { flags: '--since <when>', help: 'a span such as 2h or 7d, or a moment such as 2030-01-01T00:00:00Z' },
        { flags: '--limit <number>', help: 'how many, at most 1000 (100 when left out)' },
      ],
      examples: ['regent audit list --since 1d', 'regent audit list --who ada --refused -o json'],
      run: async (call) => {
        const { client } = await call.region();
        const origin = option(call, 'from');
        const query = {
          limit: integer(option(call, 'limit') ?? '100', '--limit'),
          ...text(call, 'who'),
          ...text(call, 'action'),
          ...(origin === undefined ? {} : { origin }),
          ...(call.options['refused'] === true ? { refused: true } : {}),
          ...historyQuery(call),
          ...sinceOf(call),
        };
        const page = await askHistory(
          query,
          async (sent) => (await client.call('audit.list', { query: sent })).body,
          (entry) => ({ text: whatOf(entry), who: entry.who, at: entry.at }),
        );
        await printHistory(call, AUDIT_SHAPE, page);
      },
    },
  ],
};
