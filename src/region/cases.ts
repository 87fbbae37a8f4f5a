import type { RouteId } from '../contract/routes.ts';
import { clusterCases } from './cluster/cases.ts';
import { drillRunCases } from './cluster/drill-run/cases.ts';
import { drillCases } from './cluster/drills.ts';
import { commandCases } from './jobs/commands/cases.ts';
import { logCases } from './jobs/commands/log-case.ts';
import { jobCases } from './jobs/cases.ts';
import { moveCases } from './cluster/moves/cases.ts';
import { removalCases } from './cluster/moves/removal-cases.ts';
import { declaredCases } from './nouns/declared/cases.ts';
import { domainCases } from './nouns/domain.ts';
import { deviceCases } from './nouns/declared/device.ts';
import { annotationCases } from './nouns/declared/annotation.ts';
import { fileCases } from './nouns/declared/file.ts';
import { notificationCases } from './nouns/declared/notification.ts';
import { fabricCases } from './nouns/fabric.ts';
import { leaseCases } from './nouns/lease.ts';
import { machineCases } from './nouns/machine.ts';
import { nodeCases } from './nouns/node.ts';
import { rackCases } from './nouns/rack.ts';
import { rangeCases } from './nouns/range.ts';
import { recordCases } from './nouns/record.ts';
import { reservationCases } from './nouns/reservation.ts';
import { settingCases } from './nouns/setting.ts';
import { bmcCases } from './nouns/declared/bmc.ts';
import { dhcpSnippetCases } from './nouns/declared/dhcp-snippet.ts';
import { metadataCases } from './metadata/cases.ts';
import { tagCases } from './metadata/tag-rules.ts';
import { scriptCases } from './metadata/script-cases.ts';
import { enlistmentCases } from './metadata/enlistment/cases.ts';
import { keySourceCases } from './metadata/key-sources.ts';
import { sshKeyCases } from './metadata/ssh-keys.ts';
import { lookCases } from './nouns/status/look.ts';
import { lookupCases } from './nouns/status/lookup.ts';
import { metricCases } from './nouns/status/metrics.ts';
import { lifecycleCases } from './jobs/lifecycle/cases.ts';
import { allocateCases } from './jobs/deployment/allocate.ts';
import { deployCases } from './jobs/deployment/deploy.ts';
import { storageCases } from './jobs/deployment/storage-cases.ts';
import { timelineCases } from './jobs/lifecycle/timeline/cases.ts';
import { interfaceCases } from './nouns/interfaces/cases.ts';
import { powerCases } from './jobs/power/cases.ts';
import { staticRouteCases } from './nouns/declared/static-route.ts';
import { statusCases } from './nouns/status/status.ts';
import { subnetCases } from './nouns/subnet.ts';
import { tsigKeyCases } from './nouns/declared/tsig-key.ts';
import { userCases } from './nouns/user.ts';
import { pairingCases, vlanCases } from './nouns/vlan.ts';
import { imageCases } from './tasks/images/cases.ts';
import { sourceCases } from './tasks/images/sources/cases.ts';
import { accountCases } from './trust/accounts/cases.ts';
import { trustCases } from './trust/cases.ts';
import { siteCertificateCases } from './trust/site/cases.ts';
import type { ReadCase, WriteCase } from './use-case.ts';

/** The use case of every call of the table; a call without one does not compile. */
export const CASES = {
  ...statusCases,
  ...metricCases,
  ...lookCases,
  ...lookupCases,
  ...clusterCases,
  ...drillCases,
  ...drillRunCases,
  ...jobCases,
  ...commandCases,
  ...logCases,
  ...moveCases,
  ...removalCases,
  ...domainCases,
  ...rackCases,
  ...recordCases,
  ...leaseCases,
  ...machineCases,
  ...deviceCases,
  ...interfaceCases,
  ...powerCases,
  ...lifecycleCases,
  ...allocateCases,
  ...deployCases,
  ...storageCases,
  ...timelineCases,
  ...metadataCases,
  ...scriptCases,
  ...enlistmentCases,
  ...declaredCases,
  // What is special about a declared noun stands in for its plain entry.
  ...fabricCases,
  ...tsigKeyCases,
  ...dhcpSnippetCases,
  ...staticRouteCases,
  ...bmcCases,
  ...tagCases,
  ...vlanCases,
  ...pairingCases,
  ...subnetCases,
  ...rangeCases,
  ...reservationCases,
  ...settingCases,
  ...nodeCases,
  ...trustCases,
  ...siteCertificateCases,
  ...userCases,
  ...accountCases,
  ...sshKeyCases,
  ...keySourceCases,
  ...fileCases,
  ...annotationCases,
  ...notificationCases,
  ...imageCases,
  ...sourceCases,
} satisfies { [I in RouteId]: ReadCase<I> | WriteCase<I> };
