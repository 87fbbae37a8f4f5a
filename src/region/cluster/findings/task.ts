import type { Database } from '../../../store/database.ts';
import { withEvents } from '../../../store/queries/base/events.ts';
import {
  announceFindings,
  endFindings,
  type FindingRow,
  type FoundNow,
  listFindings,
  noteFindings,
  restartMuted,
  takeFindingTurn,
} from '../../../store/queries/cluster/findings.ts';
import type { WriteTx } from '../../../store/write.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { judge } from '../doctor.ts';
import { SILENCE } from '../invariants/nodes.ts';
import { readWholeSite } from '../whole-site.ts';

const ACTOR = 'system:findings';

/**
 * Stores which invariants do not hold, and since when: announces a finding that stands for a quarter of a minute and is not muted, and ends one
 * whose invariant has held for a minute. Every region may; the row in the database lets one of them do it. While the database is away nobody does.
 */
export function createFindingTask(db: Database, ports: CasePorts, process: string): Task {
  return {
    name: 'findings',
    async run() {
      const { isOurs } = await reached(
        db.repeatable(async (tx) => ({ isOurs: await takeFindingTurn(tx, process) }), { deadlineMs: 5000 }),
      );
      if (!isOurs) return null;
      const { found } = await reached(
        db.read(async (tx) => {
          const known = await readSeenNodes(tx, ports);
          const site = await readWholeSite(tx, ports, { known, isExact: false });
          return { found: foundIn(judge(site)) };
        }),
      );
      return reached(db.repeatable((tx) => withEvents(tx, ACTOR, (own) => storeFound(own, found))));
    },
  };
}

/** What of a judgement is a finding. Pure. */
export function foundIn(invariants: ReturnType<typeof judge>): FoundNow[] {
  return invariants.flatMap(({ id, state, detail, remedy, mute }) =>
    state === 'ok' ? [] : [{ id, state, detail, remedy, isMuted: mute?.isInForce === true }],
  );
}

/**
 * What becomes of the lives that stand. What nobody knows because a node is silent is no alarm of its own: one dead node would raise twenty. The rules of
 * Prometheus say the same (main/alarms). Pure.
 */
export function planLives(rows: readonly FindingRow[], found: readonly FoundNow[]) {
  const ids = new Set(found.map(({ id }) => id));
  const isSilent = found.some(({ id, state }) => id === SILENCE && state === 'broken');
  const isAlarm = ({ isSettled, isMuted, state }: FindingRow) =>
    isSettled && !isMuted && !(isSilent && state === 'unknown');
  const idsOf = (which: (row: FindingRow) => boolean) => rows.filter(which).map(({ id }) => id);
  return {
    restart: idsOf((row) => ids.has(row.id) && row.isMuted && row.announcedAt !== null),
    announce: idsOf((row) => ids.has(row.id) && isAlarm(row) && row.announcedAt === null),
    end: idsOf((row) => !ids.has(row.id) && row.isOver),
  };
}

async function storeFound(tx: WriteTx, found: readonly FoundNow[]): Promise<string | null> {
  await noteFindings(tx, found);
  const rows = await listFindings(tx);
  const { restart, announce, end } = planLives(rows, found);
  await restartMuted(tx, restart);
  await announceFindings(tx, announce);
  await endFindings(tx, end);
  for (const { id, state, detail } of found)
    if (announce.includes(id)) tx.emit({ kind: 'finding.opened', subject: `finding/${id}`, data: { state, detail } });
  for (const { id, state, announcedAt } of rows)
    if (end.includes(id) && announcedAt !== null)
      tx.emit({ kind: 'finding.closed', subject: `finding/${id}`, data: { state } });
  const changes = [...announce.map((id) => `${id} was found`), ...end.map((id) => `${id} holds again`)];
  return changes.length === 0 ? null : changes.join(', ');
}
