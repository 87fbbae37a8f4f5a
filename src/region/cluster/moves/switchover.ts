import { parseSwitchoverOrder, type SwitchoverOrder } from '../../../contract/cluster/move-order.ts';
import type { JobKind } from '../../jobs/kind.ts';
import { handDatabase } from './hand-database.ts';
import { ended, ordered, type Move, type MovePorts } from './move.ts';

/** `switchover`: the database is handed to another region node. */
export function createSwitchoverJob(ports: MovePorts): JobKind<SwitchoverOrder> {
  return {
    name: 'switchover',
    parse: (payload) => ordered(parseSwitchoverOrder(payload)),
    run: (run) => {
      const move: Move = { run, ports, save: (progress, change) => run.save(progress, null, change) };
      return ended(() => handDatabase(move, run.payload));
    },
  };
}
