import type { ExecResult } from '../../../src/core/host-values.ts';
import type { Program, BmcAccess } from '../../../src/host/ask/bmc/interface.ts';
import type { PowerEffects } from '../../../src/power/driver.ts';
import { answer } from '../exec-result.ts';
import { evenRandom, type VirtualTime, virtualTime } from '../virtual-time.ts';

/** What ipmitool takes for one command, ms. */
const COMMAND_MS = 40;
const PONG = Uint8Array.from([6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x40, 0, 0, 0x10]);

/** A command that came to the BMC, and when (virtual ms). */
export interface Heard {
  readonly at: number;
  readonly words: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A BMC in memory behind the interface of the host: it understands what the driver says to ipmitool, in virtual time. */
export class FakeBmc {
  readonly time: VirtualTime = virtualTime();
  readonly heard: Heard[] = [];
  isOn = false;
  ciphers = ['17', '3'];
  manufacturer = 'Contoso';
  /** Before a command has its effect; what it gives is the answer instead. */
  before: (words: string, timeoutMs: number) => ExecResult | undefined = () => undefined;
  ping: 'answers' | 'silent' | 'alien' = 'answers';

  readonly effects: PowerEffects = {
    reach: {
      run: (program: Program) => this.#run(program),
      resolve: async ({ host }) => [host],
      match: async ({ patterns, text }) => patterns.map((pattern) => new RegExp(pattern).test(text)),
      datagram: async ({ timeoutMs }) => {
        if (this.ping === 'answers') return PONG;
        if (this.ping === 'alien') return Uint8Array.from([1, 2, 3]);
        this.time.step(timeoutMs);
        return { kind: 'none', why: 'silent', sentence: 'it said nothing' };
      },
      web: async () => ({ kind: 'none', why: 'unreachable', sentence: 'there is no web here' }),
      connect: async () => ({ kind: 'none', why: 'unreachable', sentence: 'there is no port here' }),
    } satisfies BmcAccess,
    clock: this.time.clock,
    random: evenRandom,
    pause: (ms) => this.time.wait(ms),
  };

  /** The words of all commands, in their order. */
  get words(): string[] {
    return this.heard.map(({ words }) => words);
  }

  async #run(program: Program): Promise<ExecResult> {
    const { argv, env = {} } = program;
    const words = argv.slice(argv.findIndex((item) => item === 'chassis' || item === 'mc')).join(' ');
    this.heard.push({ at: this.time.clock.monotonic(), words, argv, env });
    this.time.step(COMMAND_MS);
    const cipher = argv[argv.indexOf('-C') + 1] ?? '';
    if (!this.ciphers.includes(cipher))
      return refusal('Error in open session response message : invalid authentication algorithm');
    const instead = this.before(words, program.timeoutMs);
    if (instead !== undefined) return instead;
    return this.#obey(words);
  }

  #obey(words: string): ExecResult {
    if (words === 'chassis power on') this.isOn = true;
    if (words === 'chassis power off' || words === 'chassis power soft') this.isOn = false;
    if (words === 'chassis power status') return answer(`Chassis Power is ${this.isOn ? 'on' : 'off'}\n`);
    if (words === 'mc info')
      return answer(`Manufacturer Name         : ${this.manufacturer}\nProduct Name              : ProLiant\n`);
    return answer('done\n');
  }
}

/** What ipmitool says when a command did not go well. */
export function refusal(stderr: string): ExecResult {
  return answer('', { code: 1, stderr });
}
