import { defined } from '../../../core/members.ts';
import type {
  AddressInput,
  InterfaceInput as Wire,
  InterfaceSet,
} from '../../../contract/machines/machine-interface.ts';
import type { InterfaceRow, LinkInput } from '../../../store/queries/machines/machine-interfaces.ts';

/** A link that an interface has and keeps: it was judged when it was made. */
type ExistingLink = { readonly existing: LinkInput };
export type AddressRequest = AddressInput | ExistingLink;

/** An interface as a request has it, or as it is. `id`: of the one that it is; left out: found by MAC or name. `vlanId`: where that is known. */
export type InterfaceRequest = Omit<Wire, 'addresses'> & {
  readonly id?: number;
  readonly vlanId?: number | null;
  readonly addresses?: readonly AddressRequest[];
};

export const isExistingLink = (address: AddressRequest): address is ExistingLink => 'existing' in address;

/** An interface as it is. */
export function asRequest(row: InterfaceRow): InterfaceRequest {
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
    ...defined({ bond, bridge, tags: tags && [...tags] }),
    addresses: links.map(({ mode, address, subnetId, isGateway }) => ({
      existing: { mode, address, subnetId, isGateway },
    })),
  };
}

/** The interfaces with one more. What the ports of a new bond or bridge have becomes its own, unless it gets addresses of its own. */
export function withNew(all: readonly InterfaceRequest[], input: Wire): InterfaceRequest[] {
  if (input.kind !== 'bond' && input.kind !== 'bridge') return [...all, input];
  const isPort = ({ name }: InterfaceRequest) => name !== undefined && input.parents?.includes(name) === true;
  const taken = all.filter(isPort).flatMap(({ addresses = [] }) => addresses);
  return [
    ...all.map((one) => (isPort(one) ? { ...one, addresses: [] } : one)),
    { ...input, addresses: input.addresses ?? taken },
  ];
}

/** The interfaces with one of them changed. */
export function withChanged(all: readonly InterfaceRequest[], index: number, change: InterfaceSet): InterfaceRequest[] {
  const before = all[index];
  if (!before) return [...all];
  const { vlan, bond, bridge, ...rest } = change;
  const { vlanId, ...old } = before;
  const request: InterfaceRequest = {
    ...old,
    ...rest,
    ...(vlan === undefined ? { vlanId: vlanId ?? null } : vlan === null ? { vlanId: null } : { vlan }),
    ...(bond ? { bond: mergeBond(before.bond, bond) } : {}),
    ...(bridge ? { bridge: { ...before.bridge, ...bridge } } : {}),
  };
  return all.map((one, place) => (place === index ? request : rename(one, before.name, request.name)));
}

/** What a mode has of its own does not go over to another mode. */
function mergeBond(before: Wire['bond'], change: NonNullable<Wire['bond']>): NonNullable<Wire['bond']> {
  const { lacpRate: _rate, hashPolicy: _policy, ...common } = before ?? {};
  const isSame = change.mode === undefined || change.mode === before?.mode;
  return { ...(isSame ? before : common), ...change };
}

function rename(one: InterfaceRequest, before: string | undefined, name: string | undefined): InterfaceRequest {
  if (before === undefined || name === undefined || before === name || !one.parents?.includes(before)) return one;
  return { ...one, parents: one.parents.map((parent) => (parent === before ? name : parent)) };
}
