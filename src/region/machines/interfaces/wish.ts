import type {
  AddressInput,
  InterfaceInput as Wire,
  InterfaceSet,
} from '../../../contract/machines/machine-interface.ts';
import type { InterfaceRow, LinkInput } from '../../../store/queries/machines/machine-interfaces.ts';

/** A link that an interface has and keeps: it was judged when it was made. */
interface KeptLink {
  readonly kept: LinkInput;
}
export type AddressWish = AddressInput | KeptLink;

/** An interface as a request has it, or as it is. `id`: of the one that it is; left out: found by MAC or name. `vlanId`: where that is known. */
export type InterfaceWish = Omit<Wire, 'addresses'> & {
  readonly id?: number;
  readonly vlanId?: number | null;
  readonly addresses?: readonly AddressWish[];
};

export function isKept(address: AddressWish): address is KeptLink {
  return 'kept' in address;
}

/** An interface as it is. */
export function asWish(row: InterfaceRow): InterfaceWish {
  const { id, name, mac, kind, vlanId, parents, mtu, acceptRa = null, bond, bridge, tags, links } = row;
  return {
    id,
    name,
    ...(kind === 'vlan' ? {} : { mac }),
    kind,
    vlanId,
    parents: [...parents],
    mtu,
    acceptRa,
    ...(bond ? { bond } : {}),
    ...(bridge ? { bridge } : {}),
    ...(tags ? { tags: [...tags] } : {}),
    addresses: links.map(({ mode, address, subnetId, isGateway }) => ({
      kept: { mode, address, subnetId, isGateway },
    })),
  };
}

/** The interfaces with one more. What the ports of a new bond or bridge have becomes its own, unless it gets addresses of its own. */
export function withNew(all: readonly InterfaceWish[], input: Wire): InterfaceWish[] {
  if (input.kind !== 'bond' && input.kind !== 'bridge') return [...all, input];
  const isPort = ({ name }: InterfaceWish) => name !== undefined && input.parents?.includes(name) === true;
  const taken = all.filter(isPort).flatMap(({ addresses = [] }) => addresses);
  return [
    ...all.map((one) => (isPort(one) ? { ...one, addresses: [] } : one)),
    { ...input, addresses: input.addresses ?? taken },
  ];
}

/** The interfaces with one of them changed. */
export function withChanged(all: readonly InterfaceWish[], index: number, change: InterfaceSet): InterfaceWish[] {
  const before = all[index];
  if (!before) return [...all];
  const { vlan, bond, bridge, ...rest } = change;
  const { vlanId, ...old } = before;
  const wish: InterfaceWish = {
    ...old,
    ...rest,
    ...(vlan === undefined ? { vlanId: vlanId ?? null } : vlan === null ? { vlanId: null } : { vlan }),
    ...(bond ? { bond: mergeBond(before.bond, bond) } : {}),
    ...(bridge ? { bridge: { ...before.bridge, ...bridge } } : {}),
  };
  return all.map((one, place) => (place === index ? wish : rename(one, before.name, wish.name)));
}

/** What a mode has of its own does not go over to another mode. */
function mergeBond(before: Wire['bond'], change: NonNullable<Wire['bond']>): NonNullable<Wire['bond']> {
  const { lacpRate: _rate, hashPolicy: _policy, ...common } = before ?? {};
  const isSame = change.mode === undefined || change.mode === before?.mode;
  return { ...(isSame ? before : common), ...change };
}

function rename(one: InterfaceWish, before: string | undefined, name: string | undefined): InterfaceWish {
  if (before === undefined || name === undefined || before === name || !one.parents?.includes(before)) return one;
  return { ...one, parents: one.parents.map((parent) => (parent === before ? name : parent)) };
}
