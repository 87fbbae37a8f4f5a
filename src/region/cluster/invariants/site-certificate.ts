import { formatCount } from '../../../core/count-text.ts';
import { collectFacts, listOf, members, type ShownSite } from '../site.ts';
import { broken, type InvariantCheck, isCluster, ok, sentence, judgeSilence, warning } from './check.ts';

const DAY_MS = 86_400_000;
/** An operator's own is renewed by people, who need notice. */
const OWN_DAYS = 30;
/** That of the cluster lives for 30 days and is renewed after 20: with fewer days left than this renewal fails. */
const CLUSTER_DAYS = 8;
/** Nodes fetch a new one within seconds, and the region signs one soon after its start. */
const GRACE_MS = 60_000;
const SET =
  'regent site-certificate set --cert FILE --key FILE; back to that of the cluster: regent site-certificate unset';
const LOG = "On a region node: journalctl -u regent-regiond -n 100 | grep 'site certificate' shows why.";

/** What must be true of the certificate that browsers see. */
export const SITE_CERTIFICATE_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'site-certificate',
    title: 'Every region node shows browsers the same certificate, which has days to live',
    explanation:
      'If a browser gets another certificate when the floating address moves, it loses the page without an error. An expired certificate shuts browsers and tools out.',
    concerns: (site) => isCluster(site) && site.shown !== undefined,
    judge(site) {
      const { shown = null, now } = site;
      if (shown === null)
        return warning(
          'There is none yet: each region node shows its own certificate.',
          `A region node signs it within a minute. ${LOG}`,
        );
      const ended = endOf(shown, now);
      if (ended !== null && shown.notAfter <= now) return ended;
      const { reports } = collectFacts(members(site), 'lb');
      const other = reports.filter(({ facts }) => facts.certificate !== undefined && facts.certificate !== shown.sha1);
      if (other.length > 0 && now - shown.changedAt > GRACE_MS) {
        const clauses = other.map(
          ({ node, facts }) => `${node.name} shows ${facts.certificate === '' ? 'its own certificate' : 'another one'}`,
        );
        const names = listOf(other.map(({ node }) => node.name));
        return broken(
          sentence(listOf(clauses)),
          `On ${names}: journalctl -u regent-agent -n 100 shows why; at once: regent service restart lb --node NODE.`,
        );
      }
      if (ended !== null) return ended;
      const gap = judgeSilence(site, members(site), 'lb');
      if (gap) return gap;
      if (shown.warnings.length > 0) return warning(shown.warnings.join(' '), SET);
      const whose = shown.isOwn
        ? `the operator's own certificate (${shown.subject})`
        : "the certificate of the cluster's authority";
      return ok(
        `${formatCount(reports.length, 'region node')} with ${whose}, which ends in ${daysOf(shown, now)} days.`,
      );
    },
  },
];

const daysOf = ({ notAfter }: ShownSite, now: number) => Math.floor((notAfter - now) / DAY_MS);

/** The verdict on its end; null: the end is far enough. */
function endOf(shown: ShownSite, now: number) {
  const { isOwn, notAfter } = shown;
  const left = (notAfter - now) / DAY_MS;
  const expiry = left <= 0 ? `It ended at ${new Date(notAfter).toISOString()}.` : `It ends in ${left.toFixed(1)} days.`;
  if (left > (isOwn ? OWN_DAYS : CLUSTER_DAYS)) return null;
  if (isOwn) return (left <= 0 ? broken : warning)(`${expiry} It is an operator's own (${shown.subject}).`, SET);
  return broken(`${expiry} It should have been renewed.`, LOG);
}
