import { backOffMs } from '../../../core/back-off.ts';
import type { AlertMessage } from '../../../model/site/alert-target.ts';
import type { Database } from '../../../store/database.ts';
import {
  type ClaimedDelivery,
  claimDeliveries,
  queueDeliveries,
  settleDelivery,
} from '../../../store/queries/site/alert-deliveries.ts';
import { readAlertSecret } from '../../../store/queries/site/alert-targets.ts';
import { listClosedAddresses } from '../../../store/queries/machines/power-secrets.ts';
import { readCluster } from '../../../store/snapshot.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { CHECKS } from '../../cluster/doctor.ts';

/** Messages that one round sends, all at the same time. */
const AT_ONCE = 8;
/** Pauses between attempts: 20 of them take a day. */
const BACK_OFF = { firstMs: 5000, mostMs: 5_400_000 } as const;

/** What a message says of its finding. `site`: the cluster's id. `now` in ms. Pure. */
export function messageOf(delivery: ClaimedDelivery, site: string, now: number): AlertMessage {
  const { id, kind, finding, state, detail, remedy, since, endReason } = delivery;
  const check = CHECKS.find((one) => one.id === finding);
  const { title = finding, explanation: risk = '' } = check ?? {};
  const shown = { id: finding, state, title, detail, risk, remedy, since, endReason };
  return { id, kind, site, at: new Date(now).toISOString(), finding: shown };
}

/**
 * Reports findings to targets: at least once each, with an id that stays. Every region may send; a claim in the database gives each message to one of them, and
 * another one takes it over a minute after a region died with it.
 */
export function createAlarmTask(db: Database, ports: CasePorts): Task {
  return {
    name: 'alarms',
    async run() {
      const { claimed } = await reached(
        db.repeatable(async (tx) => {
          await queueDeliveries(tx);
          return { claimed: await claimDeliveries(tx, AT_ONCE) };
        }),
      );
      if (claimed.length === 0) return null;
      const read = await reached(
        db.read(async (tx) => ({
          site: (await readCluster(tx))?.id ?? 'single node',
          closed: await listClosedAddresses(tx),
        })),
      );
      const failures = await Promise.all(claimed.map((delivery) => sendOne(db, ports, { delivery, ...read })));
      const lost = failures.filter((failure) => failure !== null).length;
      return `${claimed.length - lost} alarms were delivered, ${lost} were not`;
    },
  };
}

async function sendOne(
  db: Database,
  ports: CasePorts,
  { delivery, site, closed }: { readonly delivery: ClaimedDelivery; readonly site: string; readonly closed: string[] },
): Promise<string | null> {
  const { secret } = await reached(db.read(async (tx) => ({ secret: await readAlertSecret(tx, delivery.target) })));
  const message = messageOf(delivery, site, ports.clock.now());
  const failure = await ports.sendAlarm({ place: delivery.settings, secret, message, closed });
  const againMs = backOffMs(delivery.attempts - 1, BACK_OFF, ports.random);
  await reached(
    db.repeatable(async (tx) => {
      await settleDelivery(tx, delivery, { failure, againMs });
      return { settled: true };
    }),
  );
  return failure;
}
