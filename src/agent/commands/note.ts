import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { sentenceOf } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import type { Clock } from '../../core/ports.ts';
import type { DurableText } from '../../host/interface.ts';
import type { Findings } from '../findings.ts';

const Entry = Type.Object({ id: Type.Integer(), epoch: Type.Integer(), kind: Type.String() });
const Note = Type.Object({ commands: Type.Array(Entry) });

/** A command that this agent has started, or is about to start. */
export type NotedCommand = Static<typeof Entry>;

/** The agent's own durable note of commands in flight: an agent that was restarted knows what it must not do again. No arguments, no secrets. */
export interface CommandNote {
  /** What an earlier process of this agent had in flight. */
  readonly left: readonly NotedCommand[];
  has(command: NotedCommand): boolean;
  /** Notes all of these, durably; throws an AppError when it cannot, and then none of them is noted. */
  add(commands: readonly NotedCommand[]): Promise<void>;
  remove(command: NotedCommand): Promise<void>;
}

/** What a note is built from. */
export type NoteOptions = { readonly text: DurableText; readonly findings: Findings; readonly clock: Clock };

/** Opens the note. One that cannot be read is set aside with a finding: the regions end what it named when its claim runs out. */
export async function openCommandNote(options: NoteOptions): Promise<CommandNote> {
  const left = await recall(options);
  let held: readonly NotedCommand[] = left;
  let last: Promise<unknown> = Promise.resolve();
  /** One write at a time; what is held changes only when it is on disk. */
  const change = (edit: (now: readonly NotedCommand[]) => readonly NotedCommand[]) => {
    const mine = last.then(async () => {
      const after = edit(held);
      await options.text.write(JSON.stringify({ commands: after }));
      held = after;
    });
    last = mine.catch(() => {});
    return mine;
  };
  return {
    left,
    has: (command) => held.some((one) => isSame(one, command)),
    add: (commands) => change((now) => [...now, ...commands.map(({ id, epoch, kind }) => ({ id, epoch, kind }))]),
    remove: async (command) => {
      if (held.some((one) => isSame(one, command))) await change((now) => now.filter((one) => !isSame(one, command)));
    },
  };
}

const isSame = (one: NotedCommand, other: NotedCommand): boolean => one.id === other.id && one.epoch === other.epoch;

async function recall({ text, findings, clock }: NoteOptions): Promise<readonly NotedCommand[]> {
  try {
    const written = await text.read();
    if (written === null) return [];
    const value = jsonOrNull(written);
    if (Check(Note, value)) return value.commands;
    const aside = await text.setAside(`unusable-${clock.now()}`);
    findings.raise('commands_unusable', `The record of running commands could not be read; it was moved to ${aside}.`);
  } catch (error) {
    findings.raise('commands_unusable', `The record of running commands cannot be read: ${sentenceOf(error)}.`);
  }
  return [];
}
