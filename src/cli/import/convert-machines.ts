import { isRejected } from '../../core/errors.ts';
import type { FileObject } from '../../contract/site/export-form.ts';
import { INTERFACE_KINDS, parseInterfaceName, parseMac } from '../../model/machines/machine.ts';
import { POWER_TYPES } from '../../model/machines/power.ts';
import { parseHostLabel } from '../../model/names/names.ts';
import { parseAnnotations, parseArchitecture, parseDescription } from '../../model/site/annotation.ts';
import type { ImportedNetworks } from './convert-networks.ts';
import type { MaasSite } from './maas-read.ts';
import type { ImportNotes } from './report.ts';
import { bool, filled, items, nested, num, text, texts, type MaasObject } from './values.ts';

/** What machines refer to, as far as it comes along. */
export interface MachineKnown {
  readonly networks: ImportedNetworks;
  readonly domains: ReadonlySet<string>;
  readonly zones: ReadonlySet<string>;
  readonly pools: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  /** How a file refers to a secret of a BMC; null: it leaves it out. */
  readonly secretOf: (bmc: string, name: string) => string | null;
  readonly notes: ImportNotes;
}

/** Machines, their BMCs and devices as objects of files. `secrets`: which secret of which machine (system id) a reference stands for. */
export interface ImportedMachines {
  readonly lists: Readonly<Record<'bmcs' | 'machines' | 'devices', readonly FileObject[]>>;
  readonly secrets: ReadonlyMap<string, { readonly systemId: string; readonly name: string }>;
}

const DEPLOYED = 'Deployed';
/** States that Regent gives a machine by itself: their difference needs no report. */
const PLAIN_STATES = ['New', DEPLOYED];
/** Parameters of one machine of a BMC that has several; the others are the BMC's. */
const OWN_PARAMETERS = ['power_id', 'node_id', 'mac_address', 'power_off_mode'];

/** Converts them. A deployed machine comes as deployed, with its owner and its addresses; nothing switches or installs it. Pure. */
export function convertMachines({ lists, power }: MaasSite, known: MachineKnown): ImportedMachines {
  const { notes } = known;
  const bmcs = new Map<string, FileObject>();
  const secrets = new Map<string, { systemId: string; name: string }>();
  const names = new Set<string>();
  const macs = new Set<string>();
  const taken = { names, macs };
  const machines = (lists['machines'] ?? []).flatMap((machine): FileObject[] => {
    const host = hostOf(machine, 'machine', { known, taken });
    if (host === null) return [];
    const fqdn = `${String(host['hostname'])}.${String(host['domain'])}`;
    const bmc = bmcOf(machine, power.get(text(machine, 'system_id')), { known, bmcs, secrets, fqdn });
    return [{ ...host, ...placeOf(machine, fqdn, known), ...bmc, ...stateOf(machine, fqdn, known) }];
  });
  const parents = new Map((lists['machines'] ?? []).map((one) => [text(one, 'system_id'), text(one, 'fqdn')]));
  const devices = (lists['devices'] ?? []).flatMap((device): FileObject[] => {
    const host = hostOf(device, 'device', { known, taken });
    if (host === null) return [];
    const parent = parents.get(text(device, 'parent'));
    const zone = known.zones.has(text(nested(device, 'zone'), 'name'))
      ? { zone: text(nested(device, 'zone'), 'name') }
      : {};
    if (text(device, 'owner') !== '')
      notes.changed(
        'device',
        text(device, 'fqdn'),
        'its owner does not come along: it belongs to who applies the file',
      );
    return [{ ...host, ...zone, ...(parent === undefined ? {} : { parent }) }];
  });
  return { lists: { bmcs: [...bmcs.values()], machines, devices }, secrets };
}

interface HostContext {
  readonly known: MachineKnown;
  readonly taken: { readonly names: Set<string>; readonly macs: Set<string> };
}

/** Name, domain, interfaces, tags and texts; null: it does not come along, and the report has the reason. */
function hostOf(host: MaasObject, kind: string, { known, taken }: HostContext): FileObject | null {
  const { notes, domains, tags } = known;
  const hostname = text(host, 'hostname').toLowerCase();
  const domain = text(nested(host, 'domain'), 'name').toLowerCase();
  const fqdn = `${hostname}.${domain}`;
  const refuse = (why: string) => {
    notes.leftOut(kind, fqdn, why);
    return null;
  };
  if (notes.accept(kind, fqdn, parseHostLabel(hostname)) === null) return null;
  if (!domains.has(domain)) return refuse(`its domain ${domain} does not come along`);
  if (taken.names.has(fqdn)) return refuse('another host has this name');
  const cards = interfacesOf(host, { kind, fqdn, known });
  const own = cards.flatMap(({ mac, kind: type }) => (type === 'physical' && typeof mac === 'string' ? [mac] : []));
  const doubled = own.find((mac) => taken.macs.has(mac));
  if (doubled !== undefined) return refuse(`another host has its MAC address ${doubled}`);
  taken.names.add(fqdn);
  for (const mac of own) taken.macs.add(mac);
  const given = texts(host, 'tag_names');
  const missing = given.filter((tag) => !tags.has(tag));
  if (missing.length > 0) notes.changed(kind, fqdn, `tags that do not come along: ${missing.join(', ')}`);
  const description = text(host, 'description');
  const isGood = !isRejected(parseDescription(description));
  if (!isGood) notes.changed(kind, fqdn, 'its description breaks the grammar and is left out');
  return {
    hostname,
    domain,
    interfaces: cards,
    tags: given.filter((tag) => tags.has(tag)),
    ...(isGood ? filled({ description }) : {}),
    ...annotationsOf(host, kind, { fqdn, notes }),
  };
}

function annotationsOf(
  host: MaasObject,
  kind: string,
  { fqdn, notes }: { readonly fqdn: string; readonly notes: ImportNotes },
): FileObject {
  const all = Object.entries(nested(host, 'owner_data')).filter(
    ([, value]) => typeof value === 'string' && value !== '',
  );
  if (all.length === 0) return {};
  const annotations = parseAnnotations(Object.fromEntries(all) as Record<string, string>);
  if (!isRejected(annotations)) return { annotations };
  notes.changed(kind, fqdn, 'its owner data breaks the grammar of annotations and is left out');
  return {};
}

/** Zone, pool, architecture. */
function placeOf(machine: MaasObject, fqdn: string, { zones, pools, notes }: MachineKnown): FileObject {
  const zone = text(nested(machine, 'zone'), 'name');
  const pool = text(nested(machine, 'pool'), 'name');
  if (zone !== '' && !zones.has(zone)) notes.changed('machine', fqdn, `its zone ${zone} does not come along`);
  if (pool !== '' && !pools.has(pool)) notes.changed('machine', fqdn, `its pool ${pool} does not come along`);
  const architecture = text(machine, 'architecture');
  const isGood = architecture !== '' && !isRejected(parseArchitecture(architecture));
  return {
    ...(zones.has(zone) ? { zone } : {}),
    ...(pools.has(pool) ? { pool } : {}),
    ...(isGood ? { expectedArchitecture: architecture } : {}),
    ...filled({ minHweKernel: text(machine, 'min_hwe_kernel') }),
  };
}

/** Deployed machines stay deployed; all others are new: Regent has not seen their hardware. */
function stateOf(machine: MaasObject, fqdn: string, { users, notes }: MachineKnown): FileObject {
  const [state, owner, locked] = [text(machine, 'status_name'), text(machine, 'owner'), bool(machine, 'locked')];
  if (nested(machine, 'pod')['id'] !== undefined)
    notes.changed('machine', fqdn, 'it is a virtual machine of a VM host, which Regent does not manage');
  if (state !== DEPLOYED) {
    const rest = owner === '' ? '' : `; its owner ${owner} does not come along`;
    if (!PLAIN_STATES.includes(state) || owner !== '')
      notes.changed('machine', fqdn, `its state ${state} becomes New: commission it in Regent${rest}`);
    return {};
  }
  const system = [text(machine, 'osystem'), text(machine, 'distro_series')].filter((part) => part !== '').join('/');
  if (system !== '')
    notes.changed('machine', fqdn, `it runs ${system}: Regent does not show what another system deployed`);
  if (owner !== '' && !users.has(owner)) notes.changed('machine', fqdn, `its owner ${owner} does not come along`);
  return { deployed: { owner: users.has(owner) ? owner : null, locked } };
}

interface PowerContext {
  readonly known: MachineKnown;
  readonly bmcs: Map<string, FileObject>;
  readonly secrets: Map<string, { systemId: string; name: string }>;
  readonly fqdn: string;
}

/** The BMC of a machine. Machines with the same parameters share one. */
function bmcOf(
  machine: MaasObject,
  power: { readonly parameters: Readonly<Record<string, string>>; readonly secrets: readonly string[] } | undefined,
  { known, bmcs, secrets, fqdn }: PowerContext,
): FileObject {
  const { notes, secretOf } = known;
  const type = text(machine, 'power_type');
  if (type === '') return {};
  if (!POWER_TYPES.some((one) => one === type)) {
    notes.changed('machine', fqdn, `its power type ${type} has no counterpart: it comes without a BMC`);
    return {};
  }
  const parameters = power?.parameters ?? {};
  const own = Object.entries(parameters).filter(([name]) => OWN_PARAMETERS.includes(name));
  const shared = Object.fromEntries(Object.entries(parameters).filter(([name]) => !OWN_PARAMETERS.includes(name)));
  const place = shared['power_address'] ?? shared['power_on_uri'] ?? '';
  const name = type === 'manual' ? 'manual' : bmcName(type, place || fqdn);
  const powerParameters = own.length === 0 ? {} : { powerParameters: Object.fromEntries(own) };
  if (!bmcs.has(name)) {
    const references = (power?.secrets ?? []).flatMap((secret) => {
      const reference = secretOf(name, secret);
      if (reference === null) {
        notes.changed('bmc', name, `its secret ${secret} is not in the file: set it before you switch its machines`);
        return [];
      }
      secrets.set(reference, { systemId: text(machine, 'system_id'), name: secret });
      return [[secret, reference] as const];
    });
    bmcs.set(name, { name, powerType: type, parameters: { ...shared, ...Object.fromEntries(references) } });
  }
  return { bmc: name, ...powerParameters };
}

/** A name of letters, digits, `-` and `.` that follows from the place of a BMC. */
function bmcName(type: string, place: string): string {
  const short = place
    .replace(/^[a-z+]+:\/\//i, '')
    .replaceAll(/[^A-Za-z0-9.-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${type}-${short}`.slice(0, 60).replace(/[-.]+$/, '');
}

interface CardContext {
  readonly kind: string;
  readonly fqdn: string;
  readonly known: MachineKnown;
}

/** Interfaces in the order of MAAS; the first one carries the machine's name. */
function interfacesOf(host: MaasObject, context: CardContext): FileObject[] {
  const { kind, fqdn, known } = context;
  return items(host, 'interface_set').flatMap((card): FileObject[] => {
    const [name, type] = [text(card, 'name'), text(card, 'type')];
    const skip = (why: string) => {
      known.notes.changed(kind, fqdn, `interface ${name}: ${why}`);
      return [];
    };
    if (!INTERFACE_KINDS.some((one) => one === type)) return skip(`its type ${type} has no counterpart`);
    if (isRejected(parseInterfaceName(name))) return skip('its name breaks the grammar, and it is left out');
    const mac = parseMac(text(card, 'mac_address'));
    if (type === 'physical' && isRejected(mac)) return skip('it has no usable MAC address, and is left out');
    const vlan = known.networks.vlans.get(num(nested(card, 'vlan'), 'id'));
    const parents = texts(card, 'parents');
    const tags = texts(card, 'tags');
    return [
      {
        name,
        ...(type === 'vlan' || isRejected(mac) ? {} : { mac }),
        kind: type,
        ...(vlan === undefined ? {} : { vlan }),
        ...(parents.length === 0 ? {} : { parents }),
        ...settingsOf(card, type),
        ...(tags.length === 0 ? {} : { tags: tags.slice(0, 10) }),
        addresses: linksOf(card, context),
      },
    ];
  });
}

function settingsOf(card: MaasObject, type: string): FileObject {
  const params = nested(card, 'params');
  const mtu = num(params, 'mtu');
  const own = {
    ...(mtu > 0 ? { mtu } : {}),
    ...(typeof params['accept_ra'] === 'boolean' ? { acceptRa: params['accept_ra'] } : {}),
  };
  if (type === 'bond') return { ...own, bond: bondOf(params) };
  if (type !== 'bridge') return own;
  const forwardDelay = params['bridge_fd'];
  return {
    ...own,
    bridge: {
      ...(typeof params['bridge_stp'] === 'boolean' ? { stp: params['bridge_stp'] } : {}),
      ...(typeof forwardDelay === 'number' ? { forwardDelay } : {}),
    },
  };
}

function bondOf(params: MaasObject): FileObject {
  const numbers = {
    miimon: 'bond_miimon',
    downDelay: 'bond_downdelay',
    upDelay: 'bond_updelay',
    gratuitousArps: 'bond_num_grat_arp',
  };
  const mode = text(params, 'bond_mode');
  return {
    ...filled({ mode }),
    ...Object.fromEntries(
      Object.entries(numbers).flatMap(([name, key]) => (typeof params[key] === 'number' ? [[name, params[key]]] : [])),
    ),
    ...(mode === '802.3ad' ? filled({ lacpRate: text(params, 'bond_lacp_rate') }) : {}),
    ...(['802.3ad', 'balance-xor', 'balance-tlb'].includes(mode)
      ? filled({ hashPolicy: text(params, 'bond_xmit_hash_policy') })
      : {}),
  };
}

/** Addresses as they are: also one that MAAS chose comes as a fixed one, so that nothing is renumbered. */
function linksOf(card: MaasObject, { kind, fqdn, known }: CardContext): FileObject[] {
  const { networks, notes } = known;
  return items(card, 'links').flatMap((link): FileObject[] => {
    const [mode, address, cidr] = [text(link, 'mode'), text(link, 'ip_address'), text(nested(link, 'subnet'), 'cidr')];
    const subnet = networks.subnets.has(cidr) ? { subnet: cidr } : {};
    if (mode === 'dhcp') return [{ address: 'dhcp', ...subnet }];
    if (address === '') return [{ address: 'link', ...subnet }];
    if (networks.inSubnet(address)) return [{ address, ...subnet }];
    notes.changed(kind, fqdn, `address ${address}: its subnet does not come along`);
    return [];
  });
}
