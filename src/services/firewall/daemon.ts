import { formatCount } from '../../core/count-text.ts';
import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach, startOrReload } from '../kit/steps.ts';
import type { FirewallDesired } from './desired.ts';
import { markOf, REGENT_NFT } from './view.ts';

/** nft asks the kernel even for a check: it gets that right, and as nobody reads no file but those that everybody may read. */
const USER = 'nobody';
const RIGHT = 'net_admin';
const CHECK = ['/usr/sbin/nft', '-c', '-f'];
const LIST = ['/usr/sbin/nft', '-j', 'list', 'table', 'inet', 'regent'];
/** Rules of the template. A rule that somebody removes by hand would open a port. */
const RULES = 12;
/** Rules for each port that only one partner may reach. */
const RULES_OF_PARTNER = 2;
/** Rules for each port of a partner that only Kea may call. */
const RULES_OF_CALL = 2;

/** Command lines that the helper accepts for `firewall`. */
export const FIREWALL_COMMANDS: readonly CommandRule[] = [
  { argv: [...CHECK, { pattern: '/etc/regent/firewall/\\.stage/regent\\.nft' }], isChecker: true, right: RIGHT },
  { argv: LIST, right: RIGHT },
  { argv: ['/usr/sbin/nft', '-v'] },
];

/** nft does everything but the last step with the staged file. */
export function checkFirewall(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, { argv: () => CHECK, user: USER, right: RIGHT, timeoutMs: 10_000 });
}

/** nft replaces the whole table in one step. Open connections of remaining members go on. */
export function activateFirewall(changes: readonly FileChange[]): Activation {
  return startOrReload(changes, REGENT_NFT, {
    added: 'regent.nft is new: its unit puts the table in place',
    changed: 'regent.nft changed: its table is replaced in one step, other tables stay',
    none: 'no file of the packet filter has changed',
  });
}

/** Membership decides, not a role. */
export function roleChangeFirewall(): Activation {
  return { kind: 'none', why: 'the packet filter lets all members in, whatever they hold' };
}

/** Reads the table back from the kernel. */
export const probeFirewall = (): readonly Command[] => [{ argv: LIST, user: USER, right: RIGHT, timeoutMs: 3000 }];

/** Healthy: the kernel has the published table, with all its rules and addresses. */
export function parseProbeFirewall(answers: readonly ExecResult[], desired: FirewallDesired): ServiceHealth {
  const [answer] = answers;
  const ill = (detail: string) => ({ isHealthy: false, detail: `read the table inet regent back: ${detail}` });
  if (answer?.code !== 0) {
    const reason = answer?.failure ?? answer?.stderr.trim().split('\n')[0] ?? '';
    return ill(reason === '' ? 'no answer in time' : reason);
  }
  const table = readTable(answer.stdout);
  const wanted = markOf(desired);
  if (table.mark !== wanted)
    return ill(`the configuration ${table.mark ?? 'of somebody else'} is in force, published is ${wanted}`);
  const { partners = [] } = desired;
  const calls = partners.filter(({ partnerPort }) => partnerPort !== undefined);
  const rules = RULES + RULES_OF_PARTNER * partners.length + RULES_OF_CALL * calls.length;
  if (table.rules !== rules) return ill(`it has ${table.rules} rules, published are ${rules}`);
  const open = [...table.members].filter((item) => !desired.members.includes(item));
  const missing = desired.members.filter((item) => !table.members.has(item));
  if (open.length > 0) return ill(`it lets in ${open.join(', ')}, but only members may enter`);
  if (missing.length > 0) return ill(`it keeps out ${missing.join(', ')}, but members may enter`);
  return {
    isHealthy: true,
    detail: `the packet filter admits ${formatCount(desired.members.length, 'address', 'addresses')} to the ports for members, ${formatCount(desired.nodes.length, 'address', 'addresses')} to the port for agents`,
  };
}

type Table = { readonly mark: string | null; readonly rules: number; readonly members: ReadonlySet<string> };

/** nft's JSON (libnftables-json(5)). Throws what JSON.parse throws; the engine then says that it cannot read the answer. */
function readTable(text: string): Table {
  const root: unknown = JSON.parse(text);
  const list: unknown = Object(root).nftables;
  const items = Array.isArray(list) ? list.map((item): Record<string, unknown> => ({ ...Object(item) })) : [];
  const ofKind = (kind: string) => items.flatMap((item) => (kind in item ? [Object(item[kind])] : []));
  const sets = ofKind('set').filter((set) => set.name === 'members4' || set.name === 'members6');
  const members = sets.flatMap((set): unknown[] => (Array.isArray(set.elem) ? set.elem : []));
  const [table] = ofKind('table');
  return {
    mark: typeof table?.comment === 'string' ? table.comment : null,
    rules: ofKind('rule').length,
    members: new Set(members.map(String)),
  };
}
