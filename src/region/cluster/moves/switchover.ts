import { parseSwitchoverOrder, type SwitchoverOrder } from '../../../contract/cluster/move-order.ts';
import type { JobKind } from '../../jobs/kind.ts';
import { handDatabase } from './hand-database.ts';
import { ended, moveOf, type MovePorts, ordered } from './move-run.ts';

/** `switchover`: the database is handed to another region node. */
export function createSwitchoverJob(ports: MovePorts): JobKind<SwitchoverOrder> {
  return {
    name: 'switchover',
    parse: (payload) => ordered(parseSwitchoverOrder(payload)),
    run: (run) => {
      return ended(() => handDatabase(moveOf(run, ports), run.payload));
    },
  };
}
