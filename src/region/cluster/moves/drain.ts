import { type NodeOrder, parseNodeOrder } from '../../../contract/cluster/move-order.ts';
import type { JobKind } from '../../base/jobs/kind.ts';
import { drainNode, undrainNode } from './drain-steps.ts';
import { ended, moveOf, type MovePorts, ordered, patient } from './move-run.ts';

/** `node-drain`: a node hands its work on. One that could not be finished takes the mark back: a node is drained or it is not. */
export function createDrainJob(ports: MovePorts): JobKind<NodeOrder> {
  return {
    name: 'node-drain',
    parse: (payload) => ordered(parseNodeOrder(payload)),
    run: (run) => {
      const move = moveOf(run, ports);
      return ended(
        () => drainNode(move, run.payload.node),
        () => undrainNode(patient(move), run.payload.node),
      );
    },
  };
}

/** `node-undrain`: a node takes its part again. */
export function createUndrainJob(ports: MovePorts): JobKind<NodeOrder> {
  return {
    name: 'node-undrain',
    parse: (payload) => ordered(parseNodeOrder(payload)),
    run: (run) => {
      const move = moveOf(run, ports);
      return ended(() => undrainNode(move, run.payload.node));
    },
  };
}
