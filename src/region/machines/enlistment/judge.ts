import { type EnlistQuestion, REASON_MAX } from '../../../contract/machines/enlist.ts';
import { formsOfUuid } from '../../../model/machines/enlistment.ts';
import type { KnownMachine } from '../../../store/queries/machines/enlistments.ts';

/** What is known when a machine asks to be enlisted. */
export interface EnlistSite {
  /** The machine that has its card. */
  readonly owner: KnownMachine | null;
  /** Other machines with its UUID. */
  readonly twins: readonly KnownMachine[];
  readonly isIgnored: boolean;
  /** Setting `enlist_machines`, and the VLAN by its name where it is switched off there. */
  readonly isOn: boolean;
  readonly offVlan: string | null;
  readonly hasImage: boolean;
  /** Enlisted machines that nobody has accepted, and how many there may be. */
  readonly waiting: number;
  readonly limit: number;
  /** The card's living lease of the rack that asks: whether the question came from there. Null: that rack gave it none. */
  readonly lease: { readonly address: string; readonly isVia: boolean } | null;
  /** Machines that this rack has enlisted within a minute. */
  readonly fresh: number;
}

/** A rack of forty machines that are switched on together is through at once; who makes up cards is not. */
const FRESH_MAX = 60;

/** What to do. All but `refuse` and `ignore` boot it and take its inventory. `note`: what an operator should know of it. */
export type EnlistVerdict =
  | { readonly kind: 'create'; readonly note: string }
  /** It is enlisted just now, and asks again. */
  | { readonly kind: 'offer'; readonly machineId: string }
  /** It is a machine that was missing. */
  | { readonly kind: 'return'; readonly machineId: string }
  /** It is a machine that is enlisted just now, by another card of it. */
  | { readonly kind: 'add-card'; readonly machineId: string }
  | { readonly kind: 'ignore'; readonly reason?: string }
  | { readonly kind: 'refuse'; readonly reason: string };

/** Decides what becomes of a machine that a rack does not know. Every case has an answer, and every refusal says what helps. Pure. */
export function judgeUnknownMachine(question: EnlistQuestion, site: EnlistSite): EnlistVerdict {
  const { owner, twins } = site;
  const [twin] = twins;
  const unleased = refusalOfLease(question, site);
  const boots = <V extends EnlistVerdict>(verdict: V) => (site.hasImage ? verdict : noImage(question));
  if (owner !== null) return judgeKnown(question, owner, boots);
  if (site.isIgnored) return { kind: 'ignore' };
  if (!site.isOn) return { kind: 'ignore', reason: offReason(question, site) };
  if (twin !== undefined && twins.length === 1 && isSameSerial(twin, question)) {
    if (twin.isWaiting) return unleased ?? boots({ kind: 'add-card', machineId: twin.id });
    return refuse(
      `The UUID and serial number are those of ${twin.fqdn}, which has no card ${question.mac}. Add the card to ${twin.fqdn} (regent machine set ${twin.hostname} --nic mac=${question.mac} beside its others), or start it from another one.`,
    );
  }
  if (!site.hasImage) return noImage(question);
  if (unleased !== null) return unleased;
  if (site.waiting >= site.limit) {
    const many = `${site.waiting} enlisted machines wait for an operator, and ${site.limit} may (setting enlist_limit).`;
    return refuse(`The machine ${question.mac} is unknown. ${many} Accept, ignore or delete some.`);
  }
  return { kind: 'create', note: noteOf(twins) };
}

/** Anybody can ask with any MAC. A host with a lease of this rack has at least an address in one of its pools. */
function refusalOfLease({ mac, via }: EnlistQuestion, { lease, fresh }: EnlistSite): EnlistVerdict | null {
  if (lease === null)
    return refuse(
      `The machine ${mac} is unknown, and this rack gave it no address by DHCP: it has a static one, or another server gave it. ` +
        'Rule: a machine is enlisted on a VLAN whose DHCP is ours. Add it by hand: regent machine create.',
    );
  if (!lease.isVia)
    return refuse(
      `The machine ${mac} is unknown. The request came from ${via ?? 'nowhere'}, but DHCP gave ${lease.address} to that card. Rule: a machine sends requests from its own address.`,
    );
  if (fresh >= FRESH_MAX)
    return refuse(
      `The machine ${mac} is unknown, and this rack has enlisted ${fresh} machines within a minute. Rule: at most ${FRESH_MAX}. It tries again.`,
    );
  return null;
}

type RequireImage = <V extends EnlistVerdict>(verdict: V) => EnlistVerdict;

/** The rack does not know it yet, or has to ask about it. */
function judgeKnown(question: EnlistQuestion, owner: KnownMachine, boots: RequireImage): EnlistVerdict {
  const { uuid, mac } = question;
  if (uuid !== null && owner.uuid !== null && !formsOfUuid(uuid).includes(owner.uuid))
    return refuse(
      `The card ${mac} is one of ${owner.fqdn}, which has the UUID ${owner.uuid}, and this machine has ${uuid}. ` +
        `If the card moved, remove it from ${owner.hostname} (regent machine set), or delete ${owner.hostname}.`,
    );
  if (owner.state === 'missing') return boots({ kind: 'return', machineId: owner.id });
  if (owner.isEnlisting) return boots({ kind: 'offer', machineId: owner.id });
  if (owner.state === 'new')
    return refuse(`${owner.fqdn} is new: an operator accepts it (regent machine commission ${owner.hostname}).`);
  return refuse(`${owner.fqdn} is ${owner.state}, but the rack does not know that yet. It will in a moment.`);
}

function isSameSerial(twin: KnownMachine, { serial }: EnlistQuestion): boolean {
  return serial !== null && twin.serial === serial;
}

/** Vendors give many boards one UUID, so the UUID does not prove that two machines are one. */
function noteOf(twins: readonly KnownMachine[]): string {
  if (twins.length === 0) return '';
  const names = twins.map(({ fqdn }) => fqdn).join(', ');
  return `It reports the same UUID as ${names}: is it the same machine with another card?`;
}

function offReason({ mac }: EnlistQuestion, { offVlan }: EnlistSite): string {
  const where = offVlan === null ? 'setting enlist_machines' : `VLAN ${offVlan}`;
  return `The machine ${mac} is unknown, and enlistment is switched off (${where}). It is left alone.`;
}

function noImage({ mac, architecture }: EnlistQuestion): EnlistVerdict {
  return refuse(
    `The machine ${mac} cannot be enlisted: no image is the default one of ${architecture} (regent image set-default).`,
  );
}

/** Names may be long; the rack takes no more than this (`contract/machines/enlist.ts`). */
const refuse = (reason: string): EnlistVerdict => ({ kind: 'refuse', reason: reason.slice(0, REASON_MAX) });
