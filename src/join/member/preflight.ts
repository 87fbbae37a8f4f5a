import type { JoinToken } from '../../contract/cluster/token.ts';
import { isRejected } from '../../core/errors.ts';
import {
  addressOf,
  checkData,
  checkHost,
  checkPorts,
  checkVersions,
  type HostFinding,
  type HostFindings,
  nameOf,
  startFindings,
  verdict,
} from '../checks.ts';
import type { HostInspection } from '../look.ts';
import type { JoinNote, JoinPlan } from './note.ts';
import type { JoinOptions } from './options.ts';
import type { RegionProbe } from './region.ts';

/** Inputs of join. `regions`: empty if this host was admitted already. */
export interface JoinInputs extends HostInspection {
  readonly note: JoinNote | null;
  readonly token: JoinToken | null;
  readonly regions: readonly RegionProbe[];
}

/** Clocks that differ more make certificates and leases wrong. A smaller difference gives a warning. */
const SKEW_MS = { most: 60_000, wanted: 5_000 } as const;

/** Judges the host. Pure: the same host gives the same findings. */
export function judgeJoin(
  seen: JoinInputs,
  options: JoinOptions,
): { readonly findings: readonly HostFinding[]; readonly plan: JoinPlan | null } {
  const findings = startFindings();
  const { error, warn } = findings;
  const isAdmitted = seen.note !== null && seen.note.admission !== null;
  const isRegion = (isAdmitted ? seen.note?.isRegion : seen.token?.isRegion) ?? false;
  checkHost(seen, 'regent join', findings);
  if (isRegion) checkVersions(seen, findings);
  const { isInit, isInitDone } = seen.notes;
  // A host that began a cluster gets that finding, not the one about its data.
  if (isRegion) checkData(seen, seen.note !== null || isInit || isInitDone, findings);
  checkPorts(seen, isRegion, findings);
  if (isInitDone)
    error('This host has already started a cluster of its own. A node of a cluster cannot join another cluster.');
  else if (isInit)
    error('An init of this host was interrupted. Undo it before it joins a cluster: regent leave --undo');
  if (seen.note !== null) warn('An earlier join was interrupted; this one goes on where it stopped.');
  if (!isAdmitted) checkRegions(seen, findings);
  if (seen.note?.undo !== undefined)
    error('An undo of an earlier join was interrupted. Complete it first: regent leave --undo');
  if (seen.note !== null && seen.token !== null && seen.token.pin !== seen.note.pin)
    error('An interrupted join began with the token of another cluster. Undo it first: regent leave --undo');
  const plan = seen.note !== null && isAdmitted ? resumePlan(seen.note, options, error) : newPlan(seen, options, error);
  return verdict(findings, plan);
}

function checkRegions({ regions, token }: JoinInputs, { error, warn }: HostFindings): void {
  if (token === null) return;
  const other = regions.find((region) => region.isOtherCluster);
  if (other !== undefined) {
    error(
      `${other.url} is not the cluster of this token: ${other.why}. Either the token belongs to another cluster, or somebody intercepts the connection.`,
    );
    return;
  }
  const there = regions.filter((region) => region.why === '');
  if (there.length === 0) {
    error(
      `No region of the token answers: ${regions.map(({ url, why }) => `${url} (${why})`).join('; ')}. Check the network, and that packet filters let TCP port 5443 through.`,
    );
    return;
  }
  for (const { url, why } of regions.filter((region) => region.why !== ''))
    warn(`The region at ${url} does not answer: ${why}.`);
  const skew = there.map((region) => region.skewMs).find((value) => value !== null) ?? null;
  if (skew !== null) checkClock(skew, error, warn);
  const regionNow = there.map((region) => region.regionNow).find((value) => value !== null) ?? null;
  if (regionNow !== null && regionNow > Date.parse(token.expiresAt))
    error(
      `The token expired at ${token.expiresAt}; the region's clock shows ${new Date(regionNow).toISOString()}. Make a new token: regent token create.`,
    );
}

function checkClock(skewMs: number, error: HostFindings['error'], warn: HostFindings['warn']): void {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const sentence = `This host's clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} the region's`;
  if (Math.abs(skewMs) > SKEW_MS.most)
    error(
      `${sentence}. Rule: at most ${SKEW_MS.most / 1000} s, because certificates and leases depend on it. Set this host's clock, then run the command again.`,
    );
  else if (Math.abs(skewMs) > SKEW_MS.wanted)
    warn(`${sentence}. Regent sets the clock after the node has joined; until then certificates may be refused.`);
}

function newPlan(seen: JoinInputs, options: JoinOptions, error: HostFindings['error']): JoinPlan | null {
  const name = nameOf(seen.facts, options.name);
  if (isRejected(name)) error(`${name.message} Give another one with --name.`);
  const address = addressOf(seen.facts, options.address);
  if (isRejected(address)) error(address.message);
  const { token } = seen;
  if (token === null || isRejected(name) || isRejected(address)) return null;
  return { name, address, isRegion: token.isRegion, isRack: token.isRack, pin: token.pin, urls: token.urls };
}

/** The cluster knows this host by fixed values. Until it has admitted the host, other values may be tried. */
function resumePlan(note: JoinNote, options: JoinOptions, error: HostFindings['error']): JoinPlan | null {
  const other = (
    [
      ['--name', options.name, note.name],
      ['--address', options.address, note.address],
    ] as const
  ).find(([, requested, stored]) => requested !== null && requested !== stored);
  if (other !== undefined)
    error(
      `An interrupted join began with ${other[0]} ${other[2]}, and ${other[1]} is requested now. Run the command with the same values, or undo the first run and start again: regent leave --undo`,
    );
  const { name, address, isRegion, isRack, pin, urls } = note;
  return { name, address, isRegion, isRack, pin, urls };
}
