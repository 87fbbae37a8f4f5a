import type { JoinAnswer, JoinRequest } from '../../contract/cluster/join.ts';
import type { JoinToken } from '../../contract/cluster/token.ts';
import { AppError, isRejected } from '../../core/errors.ts';
import { publicKeyOf } from '../../core/signature.ts';
import { PORTS, vipAddress } from '../../model/cluster/cluster.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { fingerprintOf, isSignedBy, readCertificate } from '../../pki/certificate.ts';
import { createKey, publicKeyDigestOf } from '../../pki/key.ts';
import { createRequest } from '../../pki/request.ts';
import { readRackUuid, writeConf, writeRackIdentity } from '../configuration.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from '../paths.ts';
import type { SetupStep } from '../run.ts';
import { enableUnits, execute, installText, startAtLast, startOrRestart, startUnit, untilDeadline } from '../run.ts';
import { writeSecrets } from '../secrets.ts';
import { apiUrl, newUuid } from '../texts.ts';
import { writeAuthorityKey, writeNodeFiles } from '../trust.ts';
import { watchUnits } from '../watch.ts';
import { type EtcdMember, openEtcd, peerUrl } from './etcd.ts';
import { type JoinAdmission, type JoinNote, writeNote } from './note.ts';
import type { MemberPorts } from './ports.ts';
import { askToJoin, reportMembership } from './region.ts';
import { waitForRegionPorts } from './ways.ts';

/** The state of one run of join. `token` null: an earlier run was admitted. `isResumed`: an earlier run was interrupted. */
export interface JoinRun {
  readonly ports: MemberPorts;
  readonly deadline: number;
  readonly token: JoinToken | null;
  readonly isResumed: boolean;
  note: JoinNote;
}

const COMMAND_MS = 60_000;

const BEGIN: SetupStep<JoinRun> = { name: 'begin', title: 'note that a join has started', run: begin };
const ADMIT: SetupStep<JoinRun> = { name: 'admit', title: 'ask the cluster to let this host in', run: admit };
const CONFIGURE: SetupStep<JoinRun> = {
  name: 'configuration',
  title: `name of this node and its regions in ${PATHS.conf}, ${PATHS.agentConf} and ${PATHS.rackConf}`,
  run: writeConfiguration,
};
const AGENT: SetupStep<JoinRun> = {
  name: 'agent',
  title: 'start the agent, which sets up what this node is to run',
  run: startAgent,
};
const MEMBER: SetupStep<JoinRun> = { name: 'member', title: 'wait until the node carries its part', run: becomeMember };

/** Steps of a region node, in their order. After a kill at any point a run of all of them ends right. */
export const REGION_STEPS: readonly SetupStep<JoinRun>[] = [
  BEGIN,
  ADMIT,
  CONFIGURE,
  { name: 'database', title: "reach the operator's own database, if the cluster uses one", run: waitForDatabase },
  {
    name: 'reach',
    title: 'wait until the region nodes let this one through',
    run: (run) => waitForRegionPorts(run, admissionOfRun(run).regions),
  },
  { name: 'etcd', title: 'become a member of etcd, without a vote at first', run: addToEtcd },
  AGENT,
  { name: 'promote', title: 'wait until etcd takes this node as a voter', run: promote },
  { name: 'region', title: 'start the region', run: startRegion },
  MEMBER,
];

/** Steps of a node that is only a rack. */
export const RACK_STEPS: readonly SetupStep<JoinRun>[] = [BEGIN, ADMIT, CONFIGURE, AGENT, MEMBER];

async function begin({ ports, note }: JoinRun): Promise<void> {
  await writeNote(ports, note);
}

/** The key is made once and stored. The token is bound to it, so the same host may ask again. */
async function admit(run: JoinRun): Promise<void> {
  const { ports, note, token } = run;
  if (note.admission !== null) return;
  if (token === null) throw new AppError('init', 'the token is missing, and this host was not let in yet');
  const key = (await ports.host.files.read(TRUST_FILES.key.path)) ?? (await createKey());
  await installText(ports, { ...TRUST_FILES.key, content: key });
  const { name, address, isRegion, isRack } = note;
  const rack = isRack ? await rackIdentity(ports) : null;
  const request: JoinRequest = {
    name,
    addresses: [address],
    isRegion,
    isRack,
    version: ports.version,
    csr: await createRequest(key, name),
    rack: rack && { uuid: rack.uuid, publicKey: publicKeyOf(rack.key) },
  };
  const answer = await waitForTurn(run, token, { request, rackKey: rack?.key ?? null });
  checkAnswer(answer, key, token.pin);
  for (const warning of answer.warnings ?? []) ports.say(`warning: ${warning}`);
  if (answer.authorityKey !== null) await writeAuthorityKey(ports, { key: answer.authorityKey });
  // A host that takes the place of a lost rack is that rack from now on.
  if (isRack && answer.rackUuid !== undefined) await writeConf(ports, 'rack', { CLUSTER_UUID: answer.rackUuid });
  if (answer.secrets !== null) await writeSecrets(ports, answer.secrets);
  await writeNodeFiles(ports, { authority: answer.authority, key, certificate: answer.certificate });
  if (answer.databaseUrl !== undefined) await writeConf(ports, 'region', { DATABASE_URL: answer.databaseUrl });
  // The token is not needed from here on.
  run.note = { ...note, name: answer.name, admission: admissionOf(answer) };
  await writeNote(ports, run.note);
}

/** Another joining region node goes first. A region that is failing over answers a moment later. */
async function waitForTurn(
  run: JoinRun,
  token: JoinToken,
  order: { readonly request: JoinRequest; readonly rackKey: string | null },
): Promise<JoinAnswer> {
  return await untilDeadline(run, async () => {
    try {
      return { value: await askToJoin(run.ports, token, order) };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'refused') throw error;
      return { missing: error.message };
    }
  });
}

function admissionOf({ nodeId, cluster, regions, name, databaseUrl }: JoinAnswer): JoinAdmission {
  const others = regions.filter((region) => region.name !== name);
  const common = { nodeId, clusterId: cluster.id, vip: cluster.vip, regions: others };
  return databaseUrl === undefined ? common : { ...common, isDatabaseExternal: true };
}

/** The other side was the pinned one. All the same, the parts of its answer must belong together before any is written. */
function checkAnswer({ authority, certificate, nodeId }: JoinAnswer, key: string, pin: string): void {
  const bad = (why: string) => new AppError('region_unreachable', `the region's answer cannot be used: ${why}`);
  const facts = readCertificate(certificate);
  if (fingerprintOf(authority) !== pin) throw bad('its authority is not the one that the token names');
  if (isRejected(facts) || !isSignedBy(certificate, authority)) throw bad('its authority did not sign the certificate');
  if (facts.nodeId !== nodeId || facts.publicKeyDigest !== publicKeyDigestOf(key))
    throw bad('the certificate is for another node or key');
}

/** This host's identity as a rack: the UUID of rack.conf, and the private key, by which a rebuilt host is the same rack again. */
async function rackIdentity(ports: MemberPorts): Promise<{ readonly uuid: string; readonly key: string }> {
  const uuid = (await readRackUuid(ports)) ?? newUuid(ports.hex(16));
  await writeConf(ports, 'rack', { CLUSTER_UUID: uuid });
  const owner = 'regent-agent';
  const key = (await ports.host.files.read(PATHS.rackKey)) ?? ports.newRackKey();
  await installText(ports, { path: PATHS.rackKey, content: key, mode: 0o600, owner, group: owner });
  return { uuid, key };
}

function admissionOfRun({ note }: JoinRun): JoinAdmission {
  if (note.admission === null) throw new AppError('init', 'this host was not let in yet');
  return note.admission;
}

async function writeConfiguration(run: JoinRun): Promise<void> {
  const { ports, note } = run;
  const { vip, regions } = admissionOfRun(run);
  const urls = regions.map(({ address }) => `https://${bracketed(address)}:${PORTS.agents}`);
  const values = { NODE_NAME: note.name, RACK: note.isRack ? 'yes' : 'no', REGION_URLS: urls.join(',') };
  if (note.isRegion) await writeConf(ports, 'region', { NODE_NAME: note.name });
  await writeConf(ports, 'agent', values);
  if (note.isRack) await writeRackIdentity(ports, `${apiUrl(vipAddress({ vip }) ?? regions[0]?.address ?? '')}/MAAS`);
}

/** The operator of the database must also admit this host, and a file that the database's URLs name must exist here. */
async function waitForDatabase(run: JoinRun): Promise<void> {
  if (admissionOfRun(run).isDatabaseExternal !== true) return;
  await untilDeadline(run, async () => {
    const why = await run.ports.askDatabase();
    return why === null ? { value: true } : { missing: `the database of DATABASE_URL (${PATHS.conf}): ${why}` };
  });
}

function etcdOf(run: JoinRun) {
  return openEtcd(
    run.ports,
    admissionOfRun(run).regions.map(({ address }) => address),
  );
}

function ownMember(run: JoinRun, members: readonly EtcdMember[]): EtcdMember | undefined {
  return members.find((member) => member.peerUrls.includes(peerUrl(run.note.address)));
}

/** etcd must not start before it is a member. Data of an earlier membership would prevent its start. */
async function addToEtcd(run: JoinRun): Promise<void> {
  const { ports, note } = run;
  const etcd = etcdOf(run);
  await untilDeadline(run, async () => {
    try {
      const own = ownMember(run, await etcd.members());
      if (own !== undefined && (!own.isStarted || (await hasEtcdData(ports)))) return { value: true };
      // A member that has started elsewhere, or here before the host was cleaned, has lost its data for ever.
      if (own !== undefined) await etcd.remove(own.id);
      await ports.host.units.act(CLUSTER_UNITS.dcs, 'stop', COMMAND_MS);
      await execute(ports, ['rm', '-rf', '--one-file-system', `${PATHS.etcdData}/member`], COMMAND_MS);
      await etcd.addLearner(note.name, peerUrl(note.address));
      return { value: true };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'etcd') throw error;
      return { missing: error.message };
    }
  });
}

/** Throws AppError `command` if that cannot be found out, because a member with its data must not count as one without. */
async function hasEtcdData({ host }: MemberPorts): Promise<boolean> {
  const folder = `${PATHS.etcdData}/member`;
  const { code, stdout, failure } = await host.exec({
    argv: ['find', folder, '-maxdepth', '0'],
    timeoutMs: COMMAND_MS,
  });
  if (code === null) throw new AppError('command', `${folder} cannot be read: ${failure ?? 'no answer in time'}`);
  return stdout.trim() !== '';
}

async function startAgent(run: JoinRun): Promise<void> {
  await enableUnits(run.ports, [UNITS.helper, UNITS.agent]);
  await startUnit(run, UNITS.helper);
  await startOrRestart(run, UNITS.agent);
}

/** etcd promotes a learner when it has all data of the leader. */
async function promote(run: JoinRun): Promise<void> {
  const etcd = etcdOf(run);
  const watch = watchUnits(run.ports, { firewall: CLUSTER_UNITS.firewall, dcs: CLUSTER_UNITS.dcs });
  await untilDeadline(run, async () => {
    try {
      const own = ownMember(run, await etcd.members());
      if (own === undefined) throw new AppError('etcd', 'this node is no longer a member of etcd');
      if (!own.isLearner) return { value: true };
      if (!own.isStarted) return { missing: (await watch()) ?? 'etcd of this node has not started yet' };
      await etcd.promote(own.id);
      return { value: true };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'etcd') throw error;
      return { missing: error.message };
    }
  });
}

async function startRegion(run: JoinRun): Promise<void> {
  await enableUnits(run.ports, [UNITS.region]);
  await startAtLast(run, UNITS.region);
}

async function becomeMember(run: JoinRun): Promise<void> {
  const addresses = admissionOfRun(run).regions.map(({ address }) => address);
  await untilDeadline(run, async () => {
    const answer = await reportMembership(run.ports, addresses);
    if (answer.kind === 'done') return { value: true };
    if (answer.kind === 'gone')
      throw new AppError(
        'refused',
        'the cluster has forgotten this node. Undo the join (regent leave --undo) and join again',
      );
    return { missing: answer.why };
  });
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
