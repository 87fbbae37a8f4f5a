import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { pingBmc } from '../../../src/power/ipmi/rmcp.ts';
import type { DebianHost } from '../debian-root.ts';
import { until } from '../until.ts';
import { freeUdpPort, openGarbage } from './ports.ts';
import { type Fault, type PowerRig, reachWith } from './rig.ts';

const USER = 'operator';
const PASSWORD = 'bmc-Secret.17';
/** Longer than ipmitool waits at first. */
const SLOW_S = '1.4';

const lanConf = (port: number) => `
name "m1"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "/bmc/chassis 0x20"
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "${USER}" "${PASSWORD}" operator 10 none md2 md5 straight
  user 3 true "viewer" "${PASSWORD}" user 10 none md2 md5 straight
`;

const EMULATION = `
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

/** The machine behind it: a file that is there while it is on. */
const CHASSIS = `#!/bin/sh
shift; act=$1; shift
fault=$(cat /bmc/fault 2>/dev/null)
[ "$fault" != slow ] || sleep ${SLOW_S}
while [ $# -gt 0 ]; do
  op=$1; shift
  case $act in
    get) case $op in
      power) if [ "$fault" = says-on ] || [ -e /bmc/on ]; then echo power:1; else echo power:0; fi ;;
      boot) echo "boot:$(cat /bmc/boot 2>/dev/null || echo default)" ;;
      *) echo "$op:0" ;;
      esac ;;
    set) value=$1; shift
      [ "$fault" != ignores ] || continue
      case $op in
        power) if [ "$value" = 1 ]; then : >/bmc/on; else rm -f /bmc/on; fi ;;
        shutdown) rm -f /bmc/on ;;
        boot) echo "$value" >/bmc/boot ;;
      esac ;;
    check) case $op in power | reset | boot | shutdown) ;; *) exit 1 ;; esac ;;
  esac
done
exit 0
`;

/** The real ipmitool against the real ipmi_sim, both of Debian 13. */
export async function ipmiRig(host: DebianHost): Promise<PowerRig> {
  const port = await freeUdpPort();
  const garbage = await openGarbage();
  host.write('/bmc/lan.conf', lanConf(port));
  host.write('/bmc/emulation', EMULATION);
  host.write('/bmc/chassis', CHASSIS, { mode: 0o755 });
  host.write('/bmc/state/none', '');
  const [simulator = '', ...argv] = host.onOurNetwork([
    'ipmi_sim',
    '-c',
    '/bmc/lan.conf',
    '-f',
    '/bmc/emulation',
    '-s',
    '/bmc/state',
    '-n',
  ]);
  const child = spawn(simulator, argv, { stdio: 'ignore' });
  const place = { host: '127.0.0.1', port };
  await until('ipmi_sim answers', async () => (await pingBmc(realBmcAccess(), place, 500)) === 'answers');
  const file = (name: string) => host.path(`/bmc/${name}`);
  const parameters = { power_address: `127.0.0.1:${port}`, power_user: USER, power_pass: PASSWORD };
  let current: Fault | null = null;
  return {
    type: 'ipmi',
    get parameters() {
      return current === 'garbage' ? { ...parameters, power_address: `127.0.0.1:${garbage.port}` } : parameters;
    },
    secret: 'power_pass',
    elsewhere: { ...parameters, power_address: `127.0.0.1:${await freeUdpPort()}` },
    reach: reachWith((line) => host.onOurNetwork(line)),
    isOn: () => existsSync(file('on')),
    put: (state) => (state === 'on' ? writeFileSync(file('on'), '') : rmSync(file('on'), { force: true })),
    bootDevice: () => (existsSync(file('boot')) ? readFileSync(file('boot'), 'utf8').trim() : 'default'),
    setFault: async (fault) => {
      // What it was asked before it answers in its own time.
      if (current === 'slow') await sleep(1500);
      current = fault;
      writeFileSync(file('fault'), fault ?? '');
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await garbage[Symbol.asyncDispose]();
    },
  };
}
