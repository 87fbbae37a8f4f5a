import Type, { type Static } from 'typebox';
import { IDENTITY_MAX } from '../../core/node-identity.ts';
import { Id, listQuery, nullable, oneOf, page, strict, text, Time } from './common.ts';

/**
 * waiting: no agent has taken it yet; claimed: the node's agent is at it; the others are its end: done, failed (the agent says why, or it was lost at
 * work), expired (its deadline passed).
 */
export const COMMAND_STATES = ['waiting', 'claimed', 'done', 'failed', 'expired'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/** One task that a node's agent does once. */
export const Command = strict({
  id: Type.Integer({ minimum: 1 }),
  node: Type.String({ description: 'name of the node' }),
  kind: Type.String({ description: 'such as probe-address' }),
  args: Type.Record(Type.String(), Type.Unknown(), { description: 'of the kind; without its secrets' }),
  state: oneOf(COMMAND_STATES),
  sentence: nullable(Type.String({ description: 'how it ended; null while it is unfinished' })),
  result: Type.Unknown({ description: 'of the kind; null without one' }),
  caller: Type.String({ description: 'who requested it' }),
  epoch: Type.Integer({ description: 'how often an agent has taken it' }),
  createdAt: Time,
  claimedAt: nullable(Time),
  deadline: Time,
  endedAt: nullable(Time),
});
export type Command = Static<typeof Command>;

export const CommandParams = strict({ command: text(12, 'its id') });
export const CommandListQuery = listQuery(
  {
    node: Type.Optional(text(64, 'id or name')),
    kind: Type.Optional(text(64)),
    state: Type.Optional(oneOf(COMMAND_STATES)),
    unfinished: Type.Optional(
      Type.Boolean({ description: 'true: only those that wait or are claimed; false: only the others' }),
    ),
  },
  ['id'],
);
export const CommandPage = page(Command);

/** What `POST /nodes/{node}/probe` takes. */
export const NodeProbe = strict({
  address: text(45, 'IPv4 or IPv6 address that the node is to reach'),
  port: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65_535, description: 'TCP port; left out: the ports that BMCs listen on' }),
  ),
  seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 60, description: 'until it is given up; 10 when left out' }),
  ),
});

/** Lines of one answer. */
export const LOG_LINES_MAX = 500;
/** Bytes of the lines of one answer, as JSON. */
export const LOG_BYTES_MAX = 49_152;
/** A place in a journal, as systemd writes it. */
const CURSOR = '^[a-z]=[0-9a-f]{1,64}(?:;[a-z]=[0-9a-f]{1,64}){0,9}$';
const Cursor = Type.String({ pattern: CURSOR, maxLength: 400, description: 'place in the journal' });

export const LOG_LEVELS = ['error', 'warning', 'info', 'debug'] as const;

/** A line of a program. */
const LogLine = strict({
  at: Time,
  program: Type.String({ description: 'who wrote it' }),
  level: oneOf(LOG_LEVELS),
  text: Type.String({ description: 'without control characters; values that seem to be secrets are ***' }),
});
export type LogLine = Static<typeof LogLine>;

export const NodeLogParams = strict({
  node: text(64, 'id or name'),
  part: text(IDENTITY_MAX, 'a service, such as dns or dhcp@k1_k2; agent, helper or region for programs of Regent'),
});
export const NodeLogQuery = strict({
  lines: Type.Optional(
    Type.Integer({ minimum: 1, maximum: LOG_LINES_MAX, description: 'how many at most; 100 when left out' }),
  ),
  after: Type.Optional({
    ...Cursor,
    description: 'only lines after this place, the oldest first; the cursor of an answer',
  }),
  seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10, description: 'how long its agent may take; 5 when left out' }),
  ),
});

/** The last lines of a part of a node, the oldest first, as its agent reads them of the journal of the host. */
export const NodeLog = strict({
  node: Type.String(),
  part: Type.String(),
  items: Type.Array(LogLine),
  cursor: nullable(Type.String({ description: 'place of the last line; null: there is none' })),
  isCut: Type.Boolean({ description: 'there are more lines than the answer has room for' }),
  why: nullable(Type.String({ description: 'why there are no lines; null: its agent has read them' })),
});
export type NodeLog = Static<typeof NodeLog>;

// What follows is between region and agent: the protocol, version 1, which only grows.

/** The request to an agent. The agent itself knows the units of its journal. */
export const ReadLogArgs = strict({
  part: Type.String({ maxLength: IDENTITY_MAX }),
  lines: Type.Integer({ minimum: 1, maximum: LOG_LINES_MAX }),
  after: nullable(Cursor),
});
export const ReadLogResult = strict({
  items: Type.Array(LogLine, { maxItems: LOG_LINES_MAX }),
  cursor: nullable(Cursor),
  isCut: Type.Boolean(),
});
export type ReadLogResult = Static<typeof ReadLogResult>;

/** Bytes of a result, as JSON. */
export const RESULT_MAX = 65_536;
/** Commands that an agent works on at once. */
export const COMMANDS_AT_ONCE = 8;
export const CLAIM_PATH = '/agent/v1/commands/claim';

/** The path at which an agent reports the end of a command. */
export function reportPath(id: number | ':command'): string {
  return `/agent/v1/commands/${id}/report`;
}

/** Is this path of the agent channel one about commands? */
export const isCommandCall = (path: string): boolean => path.startsWith('/agent/v1/commands/');

/** The answer to a pull whose `commands` is out of date: other commands wait for this node. `commands`: a digest of those that wait now. */
export const CommandsWaiting = Type.Object({ commands: Type.String({ pattern: '^[0-9a-f]{32}$' }) });

/** An agent takes commands. `key`: the same request again, after a lost answer, gets the same answer. `kinds`: what it can run. */
export const ClaimRequest = Type.Object({
  key: Type.String({ pattern: '^[0-9a-f]{16,64}$' }),
  kinds: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
  limit: Type.Integer({ minimum: 1, maximum: COMMANDS_AT_ONCE }),
});
export type ClaimRequest = Static<typeof ClaimRequest>;

/** A command as its agent gets it. `leftMs`: until the claim or the deadline ends, whichever is first. */
export const ClaimedCommand = Type.Object({
  id: Id,
  kind: Type.String(),
  args: Type.Record(Type.String(), Type.Unknown()),
  secrets: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()]),
  epoch: Type.Integer({ minimum: 1 }),
  leftMs: Type.Number({ minimum: 0 }),
});
export type ClaimedCommand = Static<typeof ClaimedCommand>;

export const ClaimAnswer = Type.Object({ commands: Type.Array(ClaimedCommand, { maxItems: COMMANDS_AT_ONCE }) });
export type ClaimAnswer = Static<typeof ClaimAnswer>;

/** How a claimed command ended. `interrupted`: the agent was restarted meanwhile and does not know. `result` goes with `done`. */
export const CommandReport = Type.Object({
  epoch: Type.Integer({ minimum: 1 }),
  state: oneOf(['done', 'failed', 'interrupted']),
  sentence: Type.String({ maxLength: 1000 }),
  result: Type.Optional(Type.Unknown()),
});
export type CommandReport = Static<typeof CommandReport>;
