import type { RouteId } from '../contract/routes.ts';
import { clusterCases } from './cluster/cases.ts';
import { drillRunCases } from './cluster/drill-run/cases.ts';
import { drillCases } from './cluster/drills.ts';
import { commandCases } from './cluster/commands.ts';
import { logCases } from './cluster/log.ts';
import { supportCases } from './cluster/support.ts';
import { jobCases } from './base/jobs/cases.ts';
import { moveCases } from './cluster/moves/cases.ts';
import { removalCases } from './cluster/moves/removal-cases.ts';
import { declaredCases } from './base/declared.ts';
import { domainCases } from './names/domain.ts';
import { deviceCases } from './machines/device.ts';
import { alertTargetCases } from './site/alarms/cases.ts';
import { annotationCases } from './site/annotation.ts';
import { fileCases } from './people/file.ts';
import { notificationCases } from './people/notification.ts';
import { fabricCases } from './networks/fabric.ts';
import { leaseCases } from './networks/lease.ts';
import { machineCases } from './machines/machine.ts';
import { nodeCases } from './cluster/node.ts';
import { rackCases } from './cluster/rack.ts';
import { rangeCases } from './networks/range.ts';
import { recordCases } from './names/record.ts';
import { reservationCases } from './networks/reservation.ts';
import { settingCases } from './site/setting.ts';
import { exportCases } from './site/export/cases.ts';
import { bmcCases } from './machines/power/bmc.ts';
import { dhcpSnippetCases } from './networks/dhcp-snippet.ts';
import { metadataCases } from './machines/metadata/cases.ts';
import { tagCases } from './machines/tag-rules.ts';
import { scriptCases } from './machines/scripts/cases.ts';
import { enlistmentCases } from './machines/enlistment/cases.ts';
import { keySourceCases } from './people/key-sources.ts';
import { sshKeyCases } from './people/ssh-keys.ts';
import { queryCases } from './site/queries.ts';
import { lookupCases } from './names/lookup.ts';
import { metricCases } from './cluster/metrics/cases.ts';
import { seriesCases } from './cluster/series/cases.ts';
import { lifecycleCases } from './machines/lifecycle/cases.ts';
import { allocateCases } from './machines/deployment/allocate.ts';
import { deployCases } from './machines/deployment/deploy.ts';
import { storageCases } from './machines/deployment/storage-cases.ts';
import { timelineCases } from './machines/timeline/cases.ts';
import { interfaceCases } from './machines/interfaces/cases.ts';
import { powerCases } from './machines/power/cases.ts';
import { staticRouteCases } from './networks/static-route.ts';
import { statusCases } from './cluster/status.ts';
import { subnetCases } from './networks/subnet.ts';
import { tsigKeyCases } from './names/tsig-key.ts';
import { userCases } from './people/user.ts';
import { pairingCases, vlanCases } from './networks/vlan.ts';
import { imageCases } from './images/cases.ts';
import { sourceCases } from './images/sources/cases.ts';
import { accountCases } from './people/accounts/cases.ts';
import { trustCases } from './cluster/trust/cases.ts';
import { backupCases } from './cluster/backups/cases.ts';
import { findingCases } from './cluster/findings/cases.ts';
import { upgradeCases } from './site/upgrade/cases.ts';
import { siteCertificateCases } from './cluster/site-certificate/cases.ts';
import type { ReadCase, WriteCase } from './base/use-case.ts';

/** The use case of every call of the table; a call without one does not compile. */
export const CASES = {
  ...statusCases,
  ...metricCases,
  ...seriesCases,
  ...queryCases,
  ...lookupCases,
  ...clusterCases,
  ...drillCases,
  ...drillRunCases,
  ...jobCases,
  ...commandCases,
  ...logCases,
  ...supportCases,
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
  ...exportCases,
  ...nodeCases,
  ...trustCases,
  ...siteCertificateCases,
  ...backupCases,
  ...findingCases,
  ...upgradeCases,
  ...alertTargetCases,
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
