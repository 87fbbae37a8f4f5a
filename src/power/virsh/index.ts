import { invalid, type Rejected, show } from '../../core/errors.ts';
import type { ExecResult } from '../../core/host-values.ts';
import { filePath } from '../../host/ask/bmc/interface.ts';
import type { BootDevice, PowerParameters, PowerSetting, StopMode } from '../../model/machines/power.ts';
import type { PowerCall, PowerDriver, PowerFailure, PowerLine, Reading } from '../driver.ts';
import { closedFailure, failed, isFailed, textOf, timeLeft } from '../driver.ts';
import { bootOrder } from './domain.ts';
import { isAlreadySo, meaningOf, readingOf } from './answers.ts';
import { libvirtUri, parseLibvirtUri } from './uri.ts';

const RUN_MS = 20_000;
const RESOLVE_MS = 5000;

/** MAAS's parameters of the power type virsh. */
const SETTINGS: readonly PowerSetting[] = [
  {
    name: 'power_address',
    label: 'Address',
    kind: 'text',
    scope: 'bmc',
    bindsSecrets: true,
    isRequired: true,
    parse: parseLibvirtUri,
  },
  { name: 'power_pass', label: 'Password (optional)', kind: 'password', scope: 'bmc', isSecret: true },
  { name: 'power_id', label: 'Virsh VM ID', kind: 'text', scope: 'machine', isRequired: true, parse: parseId },
];

/** Virtual machines of libvirt, by virsh. */
export const virsh: PowerDriver = {
  type: 'virsh',
  label: 'Virsh',
  settings: SETTINGS,
  isQueryable: true,
  canSetBoot: true,
  bmcOf: (parameters) => `virsh ${uriOf(parameters)}`,
  doorOf: (parameters) => {
    const { host, port } = libvirtUri(uriOf(parameters));
    return host === '' ? { kind: 'nowhere' } : { kind: 'tcp', host, port };
  },
  hostsOf: (parameters) => [{ name: 'power_address', host: libvirtUri(uriOf(parameters)).host }],
  // libvirt knows the host by its name (host key, certificate), so it resolves it itself; what it means now is judged.
  open: async (call) => {
    const { host } = libvirtUri(uriOf(call.parameters));
    const found = await call.effects.reach.resolve({ host, timeoutMs: timeLeft(call, RESOLVE_MS) });
    if (!('kind' in found)) return new VirshLine(call);
    if (found.why === 'closed') return closedFailure(found.sentence);
    return failed('unreachable', `libvirt does not answer: ${found.sentence}.`, 'Check power_address.');
  },
};

/** An argument of virsh, and no option. */
function parseId(text: string, field: string): string | Rejected {
  return text.startsWith('-')
    ? invalid(field, `${show(text)} is not a virtual machine`, 'its name or UUID, no "-" first')
    : text;
}

/** With a password SSH is libvirt's own: the program ssh reads no password but from a terminal. */
function uriOf(parameters: PowerParameters): string {
  const uri = textOf(parameters, 'power_address');
  return textOf(parameters, 'power_pass') === '' ? uri : uri.replace(/^([a-z]+)\+ssh:/, '$1+libssh:');
}

class VirshLine implements PowerLine {
  readonly #call: PowerCall;

  constructor(call: PowerCall) {
    this.#call = call;
  }

  async query(): Promise<Reading | PowerFailure> {
    const result = await this.#say(['domstate', '--domain', this.#domain]);
    return isFailed(result) ? result : readingOf(result.stdout);
  }

  on() {
    return this.#order('start');
  }

  off(mode: StopMode) {
    return this.#order(mode === 'soft' ? 'shutdown' : 'destroy');
  }

  /** libvirt has no device for one start: the order is changed. A machine that is on uses it when it starts again. */
  async bootNext(device: BootDevice): Promise<'accepted' | PowerFailure> {
    // With its secrets, which would be lost otherwise. They go into virsh again, and nowhere else.
    const before = await this.#say(['dumpxml', '--inactive', '--security-info', '--domain', this.#domain]);
    if (isFailed(before)) return before;
    const after = bootOrder(before.stdout, device);
    if (after === null) {
      const remedy = 'Take <boot order="…"/> out of its devices, or choose the order there.';
      return failed('unsupported', 'The domain sets the boot order at its devices.', remedy);
    }
    if (after === before.stdout) return 'accepted';
    const result = await this.#say(['define', '--file', '/dev/stdin'], after);
    return isFailed(result) ? result : 'accepted';
  }

  learned() {
    return this.#call.learned;
  }

  async close() {}

  get #domain(): string {
    return textOf(this.#call.parameters, 'power_id');
  }

  /** Two callers may have given the order: the second one finds it done, and the executor checks it. */
  async #order(command: string): Promise<'accepted' | PowerFailure> {
    const result = await this.#say([command, '--domain', this.#domain]);
    return isFailed(result) && !isAlreadySo(result) ? result : 'accepted';
  }

  async #say(args: readonly string[], stdin?: string): Promise<ExecResult | PowerFailure> {
    const { parameters, effects } = this.#call;
    const password = textOf(parameters, 'power_pass');
    const uri = uriOf(parameters);
    const result = await effects.reach.run({
      argv: ['/usr/bin/virsh', '--connect', uri, ...args],
      ...(stdin === undefined ? {} : { stdin }),
      ...(password === '' ? {} : { env: { LIBVIRT_AUTH_FILE: filePath(0) }, files: [authFile(uri, password)] }),
      timeoutMs: timeLeft(this.#call, RUN_MS),
    });
    return meaningOf(result) ?? result;
  }
}

/** libvirt's file of credentials: `libvirt` asks for them by SASL, `ssh` by libssh. */
function authFile(uri: string, password: string): string {
  const { user, host } = libvirtUri(uri);
  const name = user === '' ? [] : [`username=${user}`];
  const services = ['libvirt', 'ssh'].map(
    (service) => `[auth-${service}-${host || 'localhost'}]\ncredentials=regent\n`,
  );
  return ['[credentials-regent]', ...name, `password=${password}`, '', ...services].join('\n');
}
