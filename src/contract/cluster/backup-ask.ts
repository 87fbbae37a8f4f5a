import Type from 'typebox';
import { oneOf, strict } from '../base/common.ts';
import { BACKUP_TYPES } from './backup.ts';
import { BACKUP_VERBS } from './backup-order.ts';

/** What a region asks `regent-backup.service` of a node through its agent (`ha/backup`). */
export const BackupAsk = strict({
  ask: oneOf(['begin', 'result']),
  id: Type.String({ pattern: '^[a-z0-9-]{1,64}$', description: 'of the task; a task that is ordered twice runs once' }),
  order: Type.Optional(
    strict({
      verb: oneOf(BACKUP_VERBS),
      type: Type.Optional(oneOf(BACKUP_TYPES)),
      label: Type.Optional(Type.String({ maxLength: 40 })),
      notes: Type.Optional(Type.Record(Type.String({ maxLength: 20 }), Type.String({ maxLength: 600 }))),
    }),
  ),
});

/** `state`: running, done, failed, busy, unknown or refused; with `sentence` and `result` at its end. */
export const BackupAnswer = strict({ answer: Type.Object({ state: Type.String() }, { additionalProperties: true }) });
