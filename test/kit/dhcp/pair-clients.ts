import { openMachines } from '../../../src/drills/probes/dhcp/machines.ts';

/*
 * `node pair-clients.ts EVERY_MS`: a new machine wants an address every so many ms, and keeps it. Tells each one that it got, a line of JSON: when it
 * asked and got it (CLOCK_MONOTONIC, ms), its hardware address, its address, who gave it. Ends with its standard input.
 */
const every = Number(process.argv[2]);
const TIMEOUT_MS = 3000;
process.stdin.resume().on('end', () => process.exit(0));
openMachines((machines) => {
  let number = 0;
  setInterval(() => {
    number += 1;
    const hex = number.toString(16).padStart(6, '0');
    const mac = `52:54:01:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
    const askedAt = Number(process.hrtime.bigint()) / 1e6;
    machines.grant({ kind: 'new', mac, timeoutMs: TIMEOUT_MS }, ({ address, server }) => {
      if (address === null) return;
      const at = Number(process.hrtime.bigint()) / 1e6;
      process.stdout.write(`${JSON.stringify({ askedAt, at, mac, address, server })}\n`);
    });
  }, every);
});
