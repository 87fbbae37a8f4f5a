import { optionsOf } from '../../../model/machines/tags/kernel-options.ts';
import { planOf } from '../../../boot/plan.ts';
import { type EnlistQuestion, type EnlistReply, REASON_MAX } from '../../../contract/machines/enlist.ts';
import { accept, isRejected, refuse, type Rejected } from '../../../core/errors.ts';
import { formatAddress, parseAddress } from '../../../core/ip.ts';
import type { Clock, Random } from '../../../core/ports.ts';
import { parseMac } from '../../../model/machines/machine.ts';
import { formsOfUuid, namesFor } from '../../../model/machines/enlistment.ts';
import type { Database } from '../../../store/database.ts';
import type { DefaultImage } from '../../../model/images/image.ts';
import { findDomain, lockDomain } from '../../../store/queries/names/domains.ts';
import { createMachine, findMachine, freshMachineId, updateMachine } from '../../../store/queries/machines/machines.ts';
import {
  countFresh,
  countWaiting,
  findByCard,
  findByUuid,
  findLeaseOf,
  findVlanOf,
  isIgnored,
  storeEnlistment,
} from '../../../store/queries/machines/enlistments.ts';
import { readDefaultImages } from '../../../store/queries/machines/machine-stages.ts';
import { storeRun } from '../../../store/queries/machines/machine-tokens.ts';
import { readSettings } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { write, type WriteTx } from '../../../store/write.ts';
import { defaultDomain } from '../../names/domain.ts';
import { usesOf } from '../../names/name-rules.ts';
import type { WakePort } from '../../base/port.ts';
import { INTERFACES_MAX } from '../metadata/interfaces.ts';
import { awaitWake } from '../metadata/await-wake.ts';
import type { ApplyMachineEvent } from '../metadata/port.ts';
import { type EnlistSite, type EnlistVerdict, judgeUnknownMachine } from './judge.ts';

/** What enlistment is built from. `applyEvent`: the lifecycle. */
export interface EnlistPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly wakes: WakePort;
  readonly random: Random;
  readonly applyEvent: ApplyMachineEvent;
}

/** Rows of other machines with one UUID that are named at most. */
const TWINS_MAX = 4;

interface EnlistSnapshot {
  readonly site: EnlistSite;
  readonly vlanId: number | null;
  readonly image: DefaultImage | null;
  /** Of the site: nobody has given the machine a tag. */
  readonly options: readonly string[];
}

/**
 * Answers a rack that asks about a machine which it does not know. All values come from firmware, so nothing is believed beyond its grammar. Most answers
 * only read; an unknown machine is created in one transaction, with its card, its run and its values.
 */
export function createEnlist(
  ports: EnlistPorts,
): (nodeId: string, rawQuestion: EnlistQuestion) => Promise<EnlistReply> {
  return async (nodeId, rawQuestion) => {
    const question = readQuestion(rawQuestion);
    if (isRejected(question)) return { kind: 'busy', reason: question.message };
    const seen = await waitForLease(ports, nodeId, question);
    const verdict = judgeUnknownMachine(question, seen.site);
    const known = replyTo(verdict, seen);
    if (known !== null) return known;
    const done = await enlist(ports, nodeId, question);
    return isRejected(done) ? { kind: 'busy', reason: refusalOf(question, done) } : done;
  };
}

/** By the model's grammar: the schema does not refuse the address of a group. An address that cannot be read is none. */
function readQuestion(rawQuestion: EnlistQuestion): EnlistQuestion | Rejected {
  const mac = parseMac(rawQuestion.mac);
  if (isRejected(mac)) return mac;
  const { via, ...rest } = rawQuestion;
  const address = via === undefined ? null : parseAddress(via);
  return { ...rest, mac, ...(address === null || isRejected(address) ? {} : { via: formatAddress(address) }) };
}

/** A loader asks within a second of its lease, and a rack reports that within two. It waits so long, ms; the rack waits for 3 s. */
const LEASE_WAIT_MS = 2_000;
const LEASE_EVERY_MS = 250;
/** And not sooner, however often something is committed. */
const LEASE_LEAST_MS = 50;

async function waitForLease(
  { db, clock, wakes }: EnlistPorts,
  nodeId: string,
  question: EnlistQuestion,
): Promise<EnlistSnapshot> {
  const until = clock.monotonic() + LEASE_WAIT_MS;
  for (;;) {
    const { seen } = accept(await db.read(async (tx) => ({ seen: await readSnapshot(tx, nodeId, question) })));
    const { owner, isIgnored, isOn, lease } = seen.site;
    if (lease !== null || owner !== null || isIgnored || !isOn || clock.monotonic() >= until) return seen;
    await awaitWake(wakes, { leastMs: LEASE_LEAST_MS, mostMs: LEASE_EVERY_MS });
  }
}

async function readSnapshot(
  tx: Tx,
  nodeId: string,
  { mac, uuid, architecture, via }: EnlistQuestion,
): Promise<EnlistSnapshot> {
  const owner = await findByCard(tx, mac);
  const twins = owner !== null || uuid === null ? [] : await findByUuid(tx, formsOfUuid(uuid), TWINS_MAX);
  const settings = await readSettings(tx);
  const vlan = await findVlanOf(tx, { mac, address: via ?? null });
  const [image = null] = await readDefaultImages(tx, architecture);
  const isVlanOff = vlan !== null && !vlan.isOn;
  return {
    image,
    options: optionsOf(settings.kernel_opts),
    vlanId: vlan?.id ?? null,
    site: {
      owner,
      twins,
      isIgnored: await isIgnored(tx, mac),
      isOn: settings.enlist_machines && !isVlanOff,
      offVlan: settings.enlist_machines && isVlanOff ? vlan.name : null,
      hasImage: image !== null && planOf(image, { machineId: '', purpose: 'enlisting' }) !== null,
      waiting: await countWaiting(tx),
      limit: settings.enlist_limit,
      lease: await findLeaseOf(tx, { nodeId, mac, via: via ?? null }),
      fresh: await countFresh(tx, nodeId),
    },
  };
}

/** What is booted, and with which options of the kernel. */
type BootOffer = Pick<EnlistSnapshot, 'image' | 'options'>;

/** The answer that needs no write; null: there is something to be written. */
function replyTo(verdict: EnlistVerdict, boots: BootOffer): EnlistReply | null {
  switch (verdict.kind) {
    case 'offer':
      return offer(verdict.machineId, boots);
    case 'ignore':
      return { kind: 'ignored', ...(verdict.reason === undefined ? {} : { reason: verdict.reason }) };
    case 'refuse':
      return { kind: 'busy', reason: verdict.reason };
    case 'create':
    case 'return':
    case 'add-card':
      return null;
  }
}

/** `judgeUnknownMachine` offers nothing without an image. */
function offer(machineId: string, { image, options }: BootOffer): EnlistReply {
  const boot = image === null ? null : planOf(image, { machineId, purpose: 'enlisting', options });
  return boot === null ? { kind: 'busy' } : { kind: 'offer', boot };
}

/** Judges again under the domain's lock, so that two racks make one machine and the limit holds, and carries the verdict out. */
async function enlist(
  { db, random, applyEvent }: EnlistPorts,
  nodeId: string,
  question: EnlistQuestion,
): Promise<EnlistReply | Rejected> {
  const key = random.hex(16);
  const summary = `machine enlist ${question.mac}`;
  const operation = { key, requestDigest: key, actor: `node:${nodeId}`, origin: 'boot', summary };
  const done = await write<EnlistReply>(db, operation, async (tx) => {
    const domain = await defaultDomain(tx);
    accept(await lockDomain(tx, domain.id));
    const seen = await readSnapshot(tx, nodeId, question);
    const { site, vlanId } = seen;
    const verdict = judgeUnknownMachine(question, site);
    const machineId = await carryOut(tx, { verdict, nodeId, question, vlanId, domain, random, applyEvent });
    const body = machineId === null ? (replyTo(verdict, seen) ?? { kind: 'busy' }) : offer(machineId, seen);
    return { status: 200, body, storedBody: {} };
  });
  return isRejected(done) ? done : done.body;
}

interface EnlistWork {
  readonly verdict: EnlistVerdict;
  readonly nodeId: string;
  readonly question: EnlistQuestion;
  readonly vlanId: number | null;
  readonly domain: { readonly id: number; readonly name: string };
  readonly random: Random;
  readonly applyEvent: ApplyMachineEvent;
}

/** The machine that boots now; null: none, the verdict is another one by now. */
async function carryOut(tx: WriteTx, work: EnlistWork): Promise<string | null> {
  const { verdict, nodeId } = work;
  if (verdict.kind === 'create') return await create(tx, work, verdict.note);
  if (verdict.kind === 'add-card') return await addCard(tx, work, verdict.machineId);
  if (verdict.kind !== 'return') return null;
  const { machineId } = verdict;
  accept(await work.applyEvent(tx, { machineId, event: 'enlist', by: `node:${nodeId}` }));
  await storeRun(tx, machineId, 'enlisting');
  return machineId;
}

async function create(tx: WriteTx, work: EnlistWork, note: string): Promise<string> {
  const { question, vlanId, domain, nodeId, random } = work;
  const { mac, architecture, firmware, uuid, serial } = question;
  const hostname = await freeName(tx, domain, mac);
  const id = await freshMachineId(tx, random);
  const card = { name: 'eth0', mac, kind: 'physical', vlanId, addresses: [] } as const;
  const machine = await createMachine(tx, { id, hostname, domainId: domain.id, interfaces: [card] });
  await storeEnlistment(tx, { machineId: id, nodeId, mac, architecture, firmware, uuid, serial, note });
  await storeRun(tx, id, 'enlisting');
  const facts = { mac, architecture, firmware, uuid, serial, node: nodeId, vlan: machine.interfaces[0]?.vlan ?? null };
  tx.emit({ kind: 'machine.enlisted', subject: machine.fqdn, data: { machine: id, ...facts, note } });
  return id;
}

/** Another card of a machine that nobody has accepted yet: its run starts again. */
async function addCard(tx: WriteTx, { question, vlanId, nodeId }: EnlistWork, machineId: string): Promise<string> {
  const machine = await findMachine(tx, { id: machineId });
  if (machine === null) refuse('not_found', `There is no machine ${machineId}.`);
  const { mac } = question;
  const { interfaces } = machine;
  if (interfaces.length >= INTERFACES_MAX) refuse('conflict', `${machine.fqdn} has enough cards.`);
  const isFree = (name: string) => interfaces.every((card) => card.name !== name);
  let number = interfaces.length;
  while (!isFree(`eth${number}`)) number += 1;
  const card = { name: `eth${number}`, mac, kind: 'physical', vlanId, addresses: [] } as const;
  accept(await updateMachine(tx, { key: machineId, ifVersion: null }, { interfaces: [...interfaces, card] }));
  await storeRun(tx, machineId, 'enlisting');
  tx.emit({ kind: 'machine.enlisted', subject: machine.fqdn, data: { machine: machineId, mac, node: nodeId } });
  return machineId;
}

/** The first of a card's names that nothing else in the domain has. */
async function freeName(tx: Tx, domain: EnlistWork['domain'], mac: string): Promise<string> {
  for (const name of namesFor(mac)) {
    const uses = await usesOf(tx, { domainId: domain.id, domain: domain.name, name });
    const isHidden = (await findDomain(tx, { name: `${name}.${domain.name}` })) !== null;
    if (uses.length === 0 && !isHidden) return name;
  }
  refuse('conflict', `No name is free for the machine ${mac}.`);
}

function refusalOf({ mac }: EnlistQuestion, { message }: Rejected): string {
  return `The machine ${mac} cannot be enlisted now: ${message}`.slice(0, REASON_MAX);
}
