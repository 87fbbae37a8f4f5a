import { isRejected } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseMac } from './machine.ts';
import { checkServerAddress } from '../names/special-use.ts';
import type { MachineState } from './machine-states.ts';

/** First and second parts of names: short, plain, easy to distinguish on the telephone. A power of two each, so that no name is likelier. */
const FIRST: readonly string[] =
  'amber bold brave brisk calm clear clever cosmic crisp daring eager early fair fancy fast fine fond fresh gentle glad golden grand happy hardy jolly keen kind large late light lively loyal lucid lucky major mellow merry mighty modern neat noble open polite prime proud quick quiet rapid ready rich robust round royal rural sharp silent smart solid steady sunny super sweet swift tidy'.split(
    ' ',
  );
const SECOND: readonly string[] =
  'adder badger bear beaver bison bobcat camel civet condor cougar coyote crane cricket dingo dolphin eagle egret falcon ferret finch fox gecko gibbon goose grouse gull hamster hare heron hornet ibex jackal jaguar kestrel koala lark lemur leopard lizard llama lynx magpie marlin marmot marten mink moose newt ocelot octopus osprey otter owl panda pelican puffin quail rabbit raven robin salmon seal shark stork'.split(
    ' ',
  );
/** Names that a MAC has in turn, before its own digits are its name. */
const TURNS = 8;

/**
 * Host names for a machine that nobody has named, in the order in which they are tried: two parts that follow from its MAC, so a machine that comes
 * again has its name again; the last one has the MAC itself. Pure. `mac`: lower case with colons.
 */
export function namesFor(mac: string): readonly string[] {
  const digits = mac.replaceAll(':', '');
  // FNV-1a of 32 bits: neighbours in a batch of cards get unrelated names.
  let hash = 0x811c9dc5;
  const names: string[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const character of `${digits}${turn}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    const mixed = (hash ^ (hash >>> 15)) >>> 0;
    names.push(`${FIRST[mixed % FIRST.length] ?? ''}-${SECOND[(mixed >>> 8) % SECOND.length] ?? ''}`);
  }
  return [...new Set(names), `machine-${digits}`];
}

/** States in which a machine may be taken out and left alone for ever: nobody has it, and nothing happens to it. */
export const IGNORABLE: readonly MachineState[] = [
  'new',
  'missing',
  'ready',
  'failed-commissioning',
  'failed-testing',
  'broken',
  'retired',
];

/** Kinds of BMC that machines report and that Regent can use. */
export const BMC_TYPES = ['ipmi', 'redfish'] as const;

/** A BMC as a machine's own system reports it. Nobody has confirmed it, and it has no password. */
export interface SuggestedBmc {
  readonly type: (typeof BMC_TYPES)[number];
  readonly address: string;
  readonly mac: string | null;
}

/** What an inventory says of its BMC. */
interface BmcReport {
  readonly kind?: string | undefined;
  readonly address?: string | undefined;
  readonly mac?: string | undefined;
}

/** Reads what a machine reports of its BMC; null: nothing that could be used, such as an address that no server has. Pure. */
export function suggestBmc(report: BmcReport | undefined): SuggestedBmc | null {
  if (report?.address === undefined) return null;
  const type = BMC_TYPES.find((one) => report.kind === one || report.kind?.startsWith(`${one}-`));
  const address = parseAddress(report.address);
  if (type === undefined || isRejected(address)) return null;
  const canonical = formatAddress(address);
  if (checkServerAddress(canonical, 'address') !== null) return null;
  const mac = report.mac === undefined ? null : parseMac(report.mac);
  return { type, address: canonical, mac: mac === null || isRejected(mac) ? null : mac };
}

/**
 * A UUID and the form of it that firmware of before SMBIOS 2.6 writes, with the bytes of its first three fields turned (SMBIOS 3.7 §7.2.1). Pure.
 */
export function formsOfUuid(uuid: string): readonly string[] {
  const [low = '', mid = '', high = '', ...rest] = uuid.split('-');
  const turned = [low, mid, high].map((field) => (field.match(/../g) ?? []).toReversed().join(''));
  return [uuid, [...turned, ...rest].join('-')];
}
