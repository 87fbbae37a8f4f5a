import { show } from '../../core/errors.ts';
import type { ExecResult } from '../../core/host-values.ts';
import type { Program } from '../../host/ask/bmc/interface.ts';
import { type PowerParameters, type PowerPlace } from '../../model/machines/power.ts';
import { failed, type PowerFailure, textOf } from '../driver.ts';

/** Cipher suites in the order in which they are tried: SHA-256, then SHA-1. Never 0, which asks for no password (CVE-2013-4782). */
export const CIPHERS = ['17', '3'] as const;

const PRIVILEGES: Readonly<Record<string, string>> = { USER: 'USER', OPERATOR: 'OPERATOR', ADMIN: 'ADMINISTRATOR' };
/** FreeIPMI's names of workarounds that ipmitool also has. */
const OEM: Readonly<Record<string, string>> = { intel20: 'intelplus', supermicro20: 'supermicro' };

/** How one command is given. `waitS`: for each of two answers, s. */
export interface IpmiCall {
  readonly place: PowerPlace;
  readonly parameters: PowerParameters;
  readonly cipher: string;
  readonly waitS: number;
  readonly timeoutMs: number;
}

/** The command line. Password and key go by the environment: `-E` and `-K` read them there. `-v` names a wrong password. */
export function program(call: IpmiCall, args: readonly string[]): Program {
  const { parameters, place } = call;
  const isOld = textOf(parameters, 'power_driver') === 'LAN';
  const user = textOf(parameters, 'power_user');
  const key = textOf(parameters, 'k_g');
  const flags = [parameters['workaround_flags'] ?? []].flat();
  const oem = flags.map((flag) => OEM[flag]).find((name) => name !== undefined);
  const privilege = PRIVILEGES[textOf(parameters, 'privilege_level')] ?? 'OPERATOR';
  const argv = [
    ...['/usr/bin/ipmitool', '-v'].concat('-I', isOld ? 'lan' : 'lanplus', '-H', place.host, '-p', String(place.port)),
    ...(user === '' ? [] : ['-U', user]),
    '-E',
    ...(key === '' || isOld ? [] : ['-K']),
    ...(isOld ? [] : ['-C', call.cipher]),
    ...['-L', privilege].concat('-N', String(call.waitS), '-R', '1'),
    ...(oem === undefined ? [] : ['-o', oem]),
    ...args,
  ];
  const env = { IPMI_PASSWORD: textOf(parameters, 'power_pass'), ...(key === '' || isOld ? {} : { IPMI_KGKEY: key }) };
  return { argv, env, timeoutMs: call.timeoutMs };
}

/**
 * What ipmitool's output means. `cipher`: the BMC does not take this cipher suite; `session`: no session came about, for an unknown reason;
 * `silent`: no answer in time.
 */
export type Meaning = 'done' | 'cipher' | 'session' | 'silent' | PowerFailure;

type IpmiReason = { readonly pattern: RegExp; readonly meaning: (line: string) => Meaning };

const PASSWORD = 'Check the user and the password, and that the user may use IPMI over LAN.';

const REASONS: readonly IpmiReason[] = [
  {
    pattern:
      /invalid (?:authentication|integrity|confidentiality) algorithm|no matching cipher suite|cipher suite.*(?:invalid|not supported|match)/i,
    meaning: () => 'cipher',
  },
  {
    pattern:
      /RAKP 2 HMAC is invalid|unauthorized name|password.*(?:invalid|incorrect)|invalid user ?name|RAKP 4.*invalid/i,
    meaning: (line) => failed('refused-credentials', `The BMC refuses the user or the password (${line}).`, PASSWORD),
  },
  {
    pattern: /insufficient privilege|unauthorized role|privilege level.*(?:fail|exceed|denied)|invalid role/i,
    meaning: (line) =>
      failed(
        'refused-credentials',
        `The BMC does not permit this to the user (${line}).`,
        'Give the user the privilege OPERATOR, or set privilege_level to what it has.',
      ),
  },
  {
    pattern:
      /node busy|insufficient resources|out of space|no (?:free|available).*session|session.*(?:slot|limit)|device.*initiali[sz]|BMC.*(?:update|initiali[sz])/i,
    meaning: (line) =>
      failed('busy', `The BMC is busy (${line}).`, 'Try again in a minute; other programs may hold its sessions.'),
  },
  {
    pattern:
      /invalid command|not supported in present state|invalid data field|parameter not supported|command (?:illegal|disabled)/i,
    meaning: (line) =>
      failed(
        'unsupported',
        `The BMC does not support this (${line}).`,
        'Install newer firmware of the BMC, or use another power type.',
      ),
  },
  { pattern: /unable to establish/i, meaning: () => 'session' },
  // What ipmitool prints when no answer came (its ipmi_chassis.c, ipmi_mc.c), without a reason; with `-v` also when one came too late.
  {
    pattern:
      /unable to (?:get chassis power status|set chassis power control)|error (?:getting|setting) chassis boot parameter|request match not found|no response|timed? ?out|failed: *$/im,
    meaning: () => 'silent',
  },
];

/** What `-v` adds, and what ipmitool asks of its own accord: no answer to what was ordered. */
const CHATTER = /^(?:Loading |Running |Discovered |Invalid completion code received|Get HPM\.x )/;

/** Reads an ended command. A command that went well may also have printed complaints, so the exit code counts first. */
export function meaningOf(result: ExecResult): Meaning {
  if (result.failure !== null)
    return failed(
      'unsupported',
      `ipmitool cannot be run: ${result.failure}.`,
      'Install the package ipmitool on this rack.',
    );
  if (result.code === 0) return 'done';
  if (result.timedOut) return 'silent';
  const lines = `${result.stderr}\n${result.stdout}`.split('\n').filter((line) => !CHATTER.test(line));
  for (const { pattern, meaning } of REASONS) {
    const line = lines.find((text) => pattern.test(text));
    if (line !== undefined) return meaning(line.replace(/^[>\s]+|\s+$/g, '').slice(0, 120));
  }
  const last = lines.map((text) => text.trim()).findLast((text) => text !== '') ?? '';
  return failed(
    'garbage',
    `ipmitool ended with ${result.code}: ${show(last, 120)}.`,
    'Try the same with ipmitool by hand on this rack.',
  );
}

/** Reads `chassis power status`. */
export function readingOf(stdout: string): 'on' | 'off' | PowerFailure {
  const state = /^Chassis Power is (on|off)\s*$/m.exec(stdout)?.[1];
  if (state === 'on' || state === 'off') return state;
  return failed('garbage', `The BMC reports no power state: ${show(stdout.trim(), 120)}.`, 'Reset the BMC (cold).');
}

/** Reads `mc info`: what the table of quirks goes by. */
export function identityOf(stdout: string): Readonly<Record<string, string>> {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.{1,100})$`, 'm').exec(stdout)?.[1]?.trim() ?? '';
  return { manufacturer: field('Manufacturer Name') || 'unknown', product: field('Product Name') || 'unknown' };
}
