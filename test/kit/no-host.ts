import type { Host } from '../../src/host/interface.ts';
import { silentLog } from './postgres.ts';
import type { UpgradeRunnerPorts } from '../../src/main/calls/upgrade-runner.ts';

/** Of an agent that asks no helper, and whose host nobody upgrades. */
export function noHost(): { readonly host: Pick<Host, 'exec'>; readonly upgrade: UpgradeRunnerPorts } {
  return { host: { exec: () => Promise.reject(new Error('this test has no helper')) }, upgrade: noUpgrade() };
}

/** Of an agent whose host nobody upgrades. */
function noUpgrade(): UpgradeRunnerPorts {
  const refuse = () => Promise.reject(new Error('nobody upgrades this host'));
  const files = { list: refuse, received: refuse, write: refuse, remove: refuse, dropParts: refuse };
  return {
    host: { units: { state: refuse, act: refuse, mount: refuse } },
    state: { read: refuse },
    disk: { ...files, writeManifest: refuse },
    peers: { fetch: refuse },
    log: silentLog,
  };
}
