import type { RegisterAnswer } from '../../../contract/cluster/registration.ts';
import { textDigest } from '../../../core/stable-json.ts';
import { accept, isRejected, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { parseHostLabel } from '../../../model/names/names.ts';
import { parseRackKey, parseRackUuid } from '../../../model/cluster/rack.ts';
import type { Arrival, KnownRack, Registration, TokenVerdict } from '../../../model/cluster/registration.ts';
import { decideRegistration, WAITING_MAX } from '../../../model/cluster/registration.ts';
import type { Database } from '../../../store/database.ts';
import { allRows } from '../../../store/page.ts';
import { revokeCertificatesOf } from '../../../store/queries/cluster/certificates.ts';
import { listNodes } from '../../../store/queries/cluster/nodes.ts';
import * as racks from '../../../store/queries/cluster/racks.ts';
import type { Tx } from '../../../store/tx.ts';
import { type OperationOutcome, write, type WriteTx } from '../../../store/write.ts';
import { admitRack, changingRacks } from './rack-node.ts';

/**
 * A registration as it arrived. `name`: the host's name, perhaps a full one. `isProven`: its signature is right. `nodeId`: the node whose
 * credential came with it. `source`: the peer's address, or `unix`.
 */
export interface Announcement {
  readonly uuid: string;
  readonly name: string;
  readonly publicKey: string;
  readonly isProven: boolean;
  readonly nonce: string;
  readonly arrival: Arrival;
  readonly token: TokenVerdict;
  readonly nodeId: string | null;
  readonly source: string;
}

/** A rack that is silent for so long makes room when too many wait, minutes. */
const SILENT_MINUTES = 15;
const REPLAYED = rejected(
  'unauthenticated',
  'This registration was received before: every one needs a nonce of its own.',
);

/**
 * Registers a rack. One that is known and decided costs one short transaction and no lock; all others come one after the other, so that
 * of two at the same moment exactly one becomes the master.
 */
export async function register(db: Database, announced: Announcement): Promise<RegisterAnswer | Rejected> {
  const identity = parseIdentity(announced);
  if (isRejected(identity)) return identity;
  const known = await db.repeatable((tx) => recall(tx, identity));
  if (isRejected(known) || known !== null) return known;
  const operation = {
    key: `register-${identity.uuid}-${identity.nonce}`,
    requestDigest: textDigest(identity.publicKey),
    actor: `rack:${identity.uuid}`,
    origin: identity.source,
    summary: `rack register ${identity.uuid}`,
  };
  const written = await write(db, operation, (tx) => changingRacks(tx, () => decide(tx, identity)));
  return isRejected(written) ? written : written.body;
}

function parseIdentity(announced: Announcement): Announcement | Rejected {
  const uuid = parseRackUuid(announced.uuid);
  if (isRejected(uuid)) return uuid;
  const publicKey = parseRackKey(announced.publicKey);
  if (isRejected(publicKey)) return publicKey;
  const name = parseHostLabel(announced.name.split('.')[0] ?? '', 'name');
  return isRejected(name) ? name : { ...announced, uuid, publicKey, name };
}

/** The answer for a rack that is decided; null when something is to be decided. */
async function recall(tx: Tx, announced: Announcement): Promise<RegisterAnswer | null> {
  const rack = announced.isProven ? await racks.findRack(tx, announced.uuid) : null;
  if (rack === null || rack.publicKey !== announced.publicKey) return null;
  if (!(await racks.takeNonce(tx, rack.publicKey, announced.nonce))) refuse(REPLAYED);
  await racks.noteCall(tx, rack.uuid, announced.source);
  if (rack.state === 'waiting' && mayGoOn(announced)) return null;
  const decision = decideRegistration({ racks: [rack], nodes: [] }, requestOf(announced, 0));
  return decision.kind === 'known' ? answerOf(rack, decision.why) : null;
}

/** A waiting rack that registers with more than before is decided again. */
const mayGoOn = ({ arrival, token }: Announcement): boolean => arrival === 'own_host' || token === 'valid';

async function decide(tx: WriteTx, announced: Announcement): Promise<OperationOutcome<RegisterAnswer>> {
  const { uuid, publicKey, source } = announced;
  let all = await racks.listRacks(tx);
  if (all.filter((rack) => rack.state === 'waiting').length >= WAITING_MAX) {
    await racks.dropSilent(tx, SILENT_MINUTES);
    all = await racks.listRacks(tx);
  }
  const nodes = await allRows((page) => listNodes(tx, page));
  const decision = decideRegistration(
    { racks: all, nodes },
    requestOf(announced, await racks.countWaiting(tx, source)),
  );
  const old = all.find((rack) => rack.uuid === uuid);
  if (decision.kind === 'refuse') refuse(decision.code, decision.why);
  if (decision.kind === 'known') return done(old, decision.why);
  if (decision.kind === 'rekey') {
    const rekeyed = accept(await racks.setRackKey(tx, { key: uuid }, publicKey));
    // What the host of the old key shows counts no more; a region node's certificate is not that of its rack.
    if (rekeyed.nodeId === uuid) await revokeCertificatesOf(tx, uuid, 'the rack brought a new key');
    tx.emit({ kind: 'rack.rekeyed', subject: rekeyed.name, data: { uuid, source } });
    return done(rekeyed, decision.why);
  }
  const { name, nodeId } = announced;
  const rack = old ?? (await racks.createRack(tx, { uuid, name, publicKey, nodeId }));
  await racks.noteCall(tx, uuid, source);
  if (!old) tx.emit({ kind: 'rack.registered', subject: name, data: { uuid, source, state: rack.state } });
  if (decision.kind === 'wait') return done(rack, decision.why);
  const admitted = await admitRack(tx, { ...rack, source }, { name, why: decision.why });
  return done(admitted, decision.why);
}

function requestOf(announced: Announcement, waitingFromSource: number): Registration {
  const { uuid, name, publicKey, isProven, arrival, token, nodeId } = announced;
  return { uuid, name, publicKey, isProven, arrival, token, nodeId, waitingFromSource };
}

function done(rack: KnownRack | undefined, why: string): OperationOutcome<RegisterAnswer> {
  if (!rack) refuse('conflict', 'The rack was deleted at the same moment. It registers again.');
  return { status: 200, body: answerOf(rack, why) };
}

/** Nothing but the state before acceptance. */
function answerOf(rack: KnownRack, why: string): RegisterAnswer {
  return { state: rack.state, nodeId: rack.state === 'accepted' ? rack.nodeId : null, why };
}
