import { SampleBook } from '../../drills/probes/lanes/book.ts';
import { type Probe, runLane } from '../../drills/probes/lanes/lane.ts';
import { connectProbe, readProbe } from '../../drills/probes/lanes/services.ts';
import { writeProbe } from '../../drills/probes/lanes/write.ts';
import { monotonicMs } from '../../drills/probes/time/deadline.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import type { DrillInstruments, ProbeOrder, RunningProbes } from '../../region/cluster/drill-run/port.ts';
import type { ConnectionSpec } from '../../store/connection.ts';
import { readLedgerCopies } from '../../store/ledger-copies.ts';

const EVERY_MS = 100;
const WRITE = { timeoutMs: 2_000, deadlineMs: 30_000 };
/** A region holds a read for 15 s while the database moves. */
const READ_MS = 5_000;
const READY_MS = 2_000;
const VIP_MS = 300;
/** How long open questions may take after the stop, ms: a write's whole deadline. */
const STOP_MS = 32_000;
const POLL_MS = 50;
/** As many the judge wants before a fault. */
const STEADY_ANSWERS = 3;

/**
 * The port of a region that drills its own cluster: probes in this process, which query the floating address, each region node's own proxy, and
 * each node's own database. `port`: where proxies listen.
 */
export function openDrillPort(connection: ConnectionSpec, port: number = PORTS.http): DrillInstruments {
  return {
    now: monotonicMs,
    startProbes: (order) => startProbes(order, port),
    readCopies: (nodes, ledger) => {
      const own = nodes.map(
        ({ name, address }) => [name, { ...connection, host: address, port: PORTS.database }] as const,
      );
      return readLedgerCopies(connection, Object.fromEntries(own), ledger);
    },
  };
}

function startProbes(order: ProbeOrder, port: number): RunningProbes {
  const probes = probesOf(order, port);
  const names = probes.map(({ name }) => name);
  const book = new SampleBook(names);
  const lanes = probes.map((probe, index) =>
    runLane(probe, (EVERY_MS * index) / probes.length, (sample) => book.add(sample)),
  );
  const rest = () => lanes.forEach((lane) => lane.stop());
  return {
    silent: () => names.filter((name) => !book.hasGood(name, STEADY_ANSWERS)),
    seen: () => book.lanes(),
    stop: async () => {
      rest();
      const deadline = monotonicMs() + STOP_MS;
      while (lanes.some((lane) => lane.open() > 0) && monotonicMs() < deadline)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      lanes.forEach((lane) => lane.giveUp());
      return { lanes: book.lanes(), ...book.numbers() };
    },
    kill: () => {
      rest();
      lanes.forEach((lane) => lane.giveUp());
    },
  };
}

/** Each asks another thing, or another host. */
function probesOf({ vip, nodes, apiKey, ledger }: ProbeOrder, port: number): Probe[] {
  const api = { host: vip, port, apiKey };
  const write = { ...WRITE, method: 'POST' as const, path: '/api/v1/drills/ledger', firstNumber: 1 };
  return [
    writeProbe(api, { ...write, body: `{"run":"${ledger}","number":{number}}` }, EVERY_MS),
    readProbe(api, { path: '/api/v1/domains?limit=1', timeoutMs: READ_MS }, EVERY_MS),
    connectProbe('vip', { host: vip, port, timeoutMs: VIP_MS }, EVERY_MS),
    ...nodes.map(({ name, address }) => ({
      ...readProbe({ ...api, host: address }, { path: '/health/ready', timeoutMs: READY_MS }, EVERY_MS),
      name: `ready ${name}`,
    })),
  ];
}
