import { formatCount } from '../../../core/count-text.ts';
import { sinceText, vlansText } from '../pairs/drained.ts';
import { type PairNow, pairsNow } from '../pairs/now.ts';
import { type ClusterSite, listOf } from '../site.ts';
import type { InvariantCheck, InvariantVerdict } from './check.ts';
import { askNode, broken, ok, sentence, unknown, warning } from './check.ts';

const VERDICTS_MAX = 4;
const PROPOSE = 'regent pairing propose shows which racks could serve them; regent pairing apply applies the proposal.';

/** What must be true of DHCP: who serves, and who would take over. */
export const PAIR_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'rack-pairs',
    title: 'DHCP is served by one rack of each pair, and the other one is ready',
    explanation:
      'If two racks serve at once, two machines may get one address. If no rack serves, machines lose their addresses when their leases end. The second rack takes over within three seconds, once it has every lease.',
    concerns: (site) => site.served.length > 0,
    judge(site) {
      const pairs = pairsNow(site);
      const nobody = site.served.filter(({ primary }) => primary === null);
      return (
        worst([
          ...pairs.flatMap((pair) => verdictOf(pair) ?? []),
          ...(nobody.length === 0
            ? []
            : [warning(`No rack has an interface on ${vlansText(nobody)}: nobody serves DHCP there`, PROPOSE)]),
          ...lonely(pairs),
          ...short(pairs),
        ]) ?? ok(wellText(site, pairs))
      );
    },
  },
];

/** What is wrong with a pair, or a rack alone; null: nothing. */
function verdictOf(pair: PairNow): InvariantVerdict | null {
  const { primary, secondary, vlans, servers, silent, faults, isSettling, isDeaf, isWhole } = pair;
  const where = vlansText(vlans);
  const racks = listOf(secondary === null ? [primary] : [primary, secondary]);
  if (servers.length > 1)
    return broken(
      `${racks} both report that they serve ${where}`,
      `On ${secondary}: systemctl stop regent-pairs ends its DHCP; journalctl -u regent-pairs on both shows why. Start it again when only one rack serves.`,
    );
  const why = listOf(faults);
  if (servers.length === 0) {
    if (isSettling)
      return warning(
        `${racks} ${secondary === null ? 'takes' : 'take'} over ${where} just now: ${why}`,
        settleText(pair),
      );
    if (faults.length > 0 && silent.length === (secondary === null ? 1 : 2))
      return unknown(`It is not known who serves ${where}: ${why}`, askNode(silent));
    return broken(
      `Nobody serves ${where}: ${why === '' ? `neither of ${racks} reports that it does` : why}`,
      cureOf(pair),
    );
  }
  if (isDeaf)
    return broken(
      `${racks} share ${where} and do not reach each other`,
      `Check the network between both (TCP port 5256 and those of Kea): on ${primary}, ping ${secondary}; journalctl -u regent-pairs -n 50.`,
    );
  if (isWhole || secondary === null) return versionVerdict(pair);
  if (pair.drained.length > 0 && faults.length === pair.drained.length && silent.length === 0)
    return drainVerdict(pair);
  const detail = `${servers[0]} serves ${where}, and nobody would take over: ${why}`;
  return (isSettling ? warning : broken)(detail, isSettling ? settleText(pair) : cureOf(pair));
}

/** Kea does not support partners of two versions; null: both have the same. */
function versionVerdict({ versions, vlans }: PairNow): InvariantVerdict | null {
  if (versions.length === 0) return null;
  const clauses = versions.map(({ name, version }) => `${name} runs Kea ${version}`);
  return warning(
    `${listOf(clauses)}, and both serve ${vlansText(vlans)} as a pair`,
    'Install the same version on both, the rack that stands by first: apt-get install --only-upgrade kea-dhcp4-server kea-common.',
  );
}

/** A rack that an operator has drained, and nothing else. */
function drainVerdict({ drained, servers, vlans }: PairNow): InvariantVerdict {
  const who = drained.map(({ name, since }) => `${name} is drained${sinceText(since)}`);
  const back = drained.map(({ name }) => `regent node undrain ${name}`);
  return warning(
    `${listOf(who)}: ${servers[0]} serves ${vlansText(vlans)}, and nobody would take over`,
    `When the work on it is done: ${back.join('; ')}.`,
  );
}

function settleText({ primary, secondary }: PairNow): string {
  return `It ends within seconds; if not, on ${listOf([primary, ...(secondary === null ? [] : [secondary])])}: journalctl -u regent-pairs -n 50.`;
}

function cureOf({ key, primary, secondary, silent }: PairNow): string {
  if (secondary === null || key === null)
    return `regent service show ${primary}/dhcp shows why. If ${primary} is lost: regent pairing propose.`;
  const logs = `journalctl -u regent-pairs -n 50 shows why, on ${listOf([primary, secondary])}`;
  if (silent.length === 0) return `${logs}; the journal of Kea: journalctl -u kea-dhcp4@${key} -n 50.`;
  const left = [primary, secondary].find((name) => !silent.includes(name)) ?? primary;
  return `Start ${listOf(silent)}: then the pair becomes whole by itself. If it is lost: regent pairing propose. To serve by ${left} alone, if ${listOf(silent)} is certainly off: /opt/regent/current/ha/dhcp/serve-alone ${key}, there as root. ${logs}.`;
}

/** VLANs of one rack on which another rack has an interface: they could have a pair. */
function lonely(pairs: readonly PairNow[]): InvariantVerdict[] {
  const vlans = pairs.flatMap((pair) =>
    pair.secondary === null ? pair.vlans.filter(({ others }) => others.length > 0) : [],
  );
  if (vlans.length === 0) return [];
  return [
    warning(
      `${vlansText(vlans)} ${vlans.length === 1 ? 'has' : 'have'} no secondary rack, although another rack has an interface there`,
      PROPOSE,
    ),
  ];
}

/** VLANs that the secondary rack serves alone because their primary rack has no interface there. */
function short(pairs: readonly PairNow[]): InvariantVerdict[] {
  return pairs.flatMap(({ primary, secondary, servers, vlans, faults }) => {
    const away = vlans[0]?.away ?? [];
    if (secondary !== null || servers.length === 0 || away.length === 0) return [];
    return [
      broken(
        `${primary} serves ${vlansText(vlans)} alone, and nobody would take over: ${listOf(faults)}`,
        `On ${listOf(away)}: ip address show; give the interface its address back. ${primary} shares the VLAN again as soon as it is there.`,
      ),
    ];
  });
}

function wellText(site: ClusterSite, pairs: readonly PairNow[]): string {
  const alone = pairs.filter(({ secondary }) => secondary === null).flatMap(({ vlans }) => vlans);
  const shares = Map.groupBy(pairs, ({ servers }) => servers[0] ?? '');
  const clauses = [...shares].map(
    ([name, own]) => `${name} serves ${own.reduce((count, { vlans }) => count + vlans.length, 0)}`,
  );
  const rest = alone.length === 0 ? '' : `; no other rack has an interface on ${vlansText(alone)}`;
  return `${formatCount(site.served.length, 'VLAN')} with DHCP: ${listOf(clauses)}${rest}.`;
}

const ORDER = ['broken', 'unknown', 'warning'] as const;

/** All that is wrong as one verdict, the worst first. */
function worst(verdicts: readonly InvariantVerdict[]): InvariantVerdict | null {
  const sorted = verdicts.toSorted((a, b) => ORDER.indexOf(a.state as 'broken') - ORDER.indexOf(b.state as 'broken'));
  const [first] = sorted;
  if (first === undefined) return null;
  const shown = sorted.slice(0, VERDICTS_MAX).map(({ detail }) => detail);
  const more = sorted.length > VERDICTS_MAX ? [`and ${sorted.length - VERDICTS_MAX} more`] : [];
  return { state: first.state, detail: sentence([...shown, ...more].join('; ')), remedy: first.remedy };
}
