import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import type { NtpDesired } from './desired.ts';
import { CHRONY_GRAMMAR, SOURCES_GRAMMAR } from './grammar.ts';

/** Regent's own folder of chrony; Debian's AppArmor profile lets chronyd read it. */
export const FOLDER = '/etc/chrony/regent';
/** Read once, when chronyd starts. */
export const CHRONY_CONF = `${FOLDER}/chrony.conf`;
/** Read again by `chronyc reload sources`; chronyd takes every `*.sources` of the folder. */
export const SOURCES = `${FOLDER}/regent.sources`;

/** The templates' view of `ntp`. `stratum`: of its own clock, which it serves if `isLocal`. */
export interface NtpView {
  readonly servers: readonly string[];
  readonly regions: readonly string[];
  readonly clients: readonly string[];
  readonly isLocal: boolean;
  readonly stratum: number;
  readonly isOrphan: boolean;
}

/** Both files by their templates. root owns them, chronyd may read them after it gave root up. */
export const NTP_FILES: readonly FileSpec<NtpView>[] = [
  groupFile({ template: 'regent.sources.hbs', target: SOURCES, group: '_chrony', grammar: SOURCES_GRAMMAR }),
  groupFile({ template: 'chrony.conf.hbs', target: CHRONY_CONF, group: '_chrony', grammar: CHRONY_GRAMMAR }),
];

/** Makes the templates' view of a desired state. */
export function viewNtp({ servers, clients, regions = [], local }: NtpDesired): NtpView {
  // A region of an earlier release does not send it, and means this.
  const own = local === undefined && servers.length === 0 ? { stratum: 10, isOrphan: false } : (local ?? null);
  return {
    servers,
    regions,
    clients,
    isLocal: own !== null,
    stratum: own?.stratum ?? 0,
    isOrphan: own?.isOrphan ?? false,
  };
}
