import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecResult } from '../../../src/core/host-values.ts';
import type { Program, BmcAccess } from '../../../src/host/ask/bmc/interface.ts';
import type { DebianHost } from '../debian-root.ts';
import { answer } from '../exec-result.ts';
import { until } from '../until.ts';
import { freeTcpPort } from './ports.ts';
import { type Fault, type PowerRig, reachWith } from './rig.ts';

const URI = 'test:///default';
const PASSWORD = 'virsh-Secret-9';
const SLOW_MS = 1200;

/**
 * libvirt's test driver lives as long as its client: one real virsh stays, and each command line of the driver is given to it as a line. Its words and the state
 * of its domain are libvirt's own.
 */
class VirshShell {
  readonly #child: ChildProcess;
  #said = '';
  #count = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(host: DebianHost) {
    const [program = '', ...argv] = host.onOurNetwork(['sh', '-c', `exec virsh --connect ${URI} 2>&1`]);
    this.#child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
  }

  /** Gives a line; what it says, errors apart. */
  say(line: string): Promise<ExecResult> {
    const turn = this.#last.then(async () => {
      this.#count += 1;
      const mark = `mark-${this.#count}`;
      this.#said = '';
      this.#child.stdin?.write(`${line}\necho ${mark}\n`);
      // Lines are echoed, too: the mark that stands alone is the answer.
      await until('virsh answers', () => this.#said.includes(`\n${mark}\n`));
      const own = ['', line, mark, `echo ${mark}`];
      const lines = this.#said.split('\n').map((text) => text.replace(/^(?:virsh # )+/, ''));
      const said = lines.filter((text) => !own.includes(text));
      const errors = said.filter((text) => text.startsWith('error: '));
      const rest = said.filter((text) => !text.startsWith('error: ')).join('\n');
      return answer(rest.trim() === '' ? '' : rest, { code: errors.length === 0 ? 0 : 1, stderr: errors.join('\n') });
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

/** What libvirt says to a wrong password of its TCP service. */
const REFUSED = answer('', {
  code: 1,
  stderr:
    'error: failed to connect to the hypervisor\nerror: authentication failed: Failed to start SASL negotiation: -13',
});

/** The real virsh of Debian 13 with libvirt's own test driver. Its faults, and the answer to a wrong password, are laid over it. */
export async function virshRig(host: DebianHost): Promise<PowerRig> {
  const shell = new VirshShell(host);
  // How the driver knows it: libvirt's test driver is no address that an operator may give. The probe finds an open port there.
  const door = createServer((socket) => socket.end());
  await new Promise<void>((done) => door.listen(0, '127.0.0.1', done));
  const place = `qemu+tls://127.0.0.1:${(door.address() as AddressInfo).port}/system`;
  const real = reachWith((argv) => host.onOurNetwork(argv));
  let fault: Fault | null = null;
  const run = async (program: Program): Promise<ExecResult> => {
    const [, , uri, ...words] = program.argv;
    if (uri !== place) return await real.run(program);
    if (!(program.files?.[0] ?? '').includes(PASSWORD)) return REFUSED;
    if (fault === 'slow') await sleep(SLOW_MS);
    if (fault === 'garbage') return answer('Speicherzugriffsfehler');
    if (fault === 'says-on' && words[0] === 'domstate') return answer('running\n\n');
    if (fault === 'ignores' && words[0] !== 'domstate') return answer(`Domain 'test' started\n`);
    if (program.stdin === undefined) return await shell.say(words.join(' '));
    host.write('/virsh-stdin', program.stdin);
    return await shell.say(words.join(' ').replace('/dev/stdin', '/virsh-stdin'));
  };
  const reach: BmcAccess = { ...real, run };
  const state = async () => (await shell.say('domstate --domain test')).stdout.trim();
  const parameters = { power_address: place, power_pass: PASSWORD, power_id: 'test' };
  return {
    type: 'virsh',
    parameters,
    secret: 'power_pass',
    elsewhere: { ...parameters, power_address: `qemu+tcp://127.0.0.1:${await freeTcpPort()}/system` },
    reach,
    isOn: async () => (await state()) === 'running',
    put: async (wanted) => {
      if ((await state()) === (wanted === 'on' ? 'running' : 'shut off')) return;
      await shell.say(`${wanted === 'on' ? 'start' : 'destroy'} --domain test`);
    },
    bootDevice: async () => {
      const { stdout } = await shell.say('dumpxml --inactive --domain test');
      return /<boot dev='(\w+)'\/>/.exec(stdout)?.[1] ?? 'none';
    },
    setFault: (next) => {
      fault = next;
    },
    [Symbol.asyncDispose]: async () => {
      shell.end();
      await new Promise((done) => door.close(done));
    },
  };
}
