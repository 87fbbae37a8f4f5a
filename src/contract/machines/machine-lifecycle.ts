import Type, { type Static } from 'typebox';
import { strict, text } from '../base/common.ts';
import { Machine, MACHINE } from './machine.ts';
import { DEPLOY_BODY_MAX, MachineDeployRequest } from './machine-deploy.ts';
import { begin, KEY_OWNERS, OPERATORS, post } from '../base/route-spec.ts';

/** The body of a call that changes the state of a machine. */
export const MachineRequest = strict({
  comment: Type.Optional(text(200, 'why, for people: it is in the history, and the error text of a broken machine')),
});
export type MachineRequest = Static<typeof MachineRequest>;

const Names = (description: string) => Type.Optional(Type.Array(text(128), { maxItems: 100, description }));

/** The body of a call that starts a run of scripts. A person may want to log in meanwhile. */
export const MachineRunRequest = strict({
  ...MachineRequest.properties,
  enableSsh: Type.Optional(
    Type.Boolean({ description: 'its system lets the SSH keys of the caller in, and stays on when all is done' }),
  ),
  scripts: Names(
    'names or tags of scripts of the site or of the release; left out: those with the tag "default". Commissioning has those of the release besides',
  ),
  skip: Names('names or tags of scripts that do not run; built-in: those of the release'),
  parameters: Type.Optional(
    Type.Record(Type.String(), Type.Record(Type.String(), Type.String({ maxLength: 1024 }), { maxProperties: 16 }), {
      maxProperties: 100,
      description: 'values of parameters, by script and parameter; of a disk or a card: its name, or "all"',
    }),
  ),
});
export type MachineRunRequest = Static<typeof MachineRunRequest>;

/** What gives a machine back. */
export const MachineReleaseRequest = strict({
  ...MachineRequest.properties,
  erase: Type.Optional(
    Type.Boolean({
      description: 'its disks are erased first; a machine whose disks cannot be erased does not become ready',
    }),
  ),
  quickErase: Type.Optional(
    Type.Boolean({ description: 'with erase: only the beginning and the end of each disk, which takes seconds' }),
  ),
  secureErase: Type.Optional(
    Type.Boolean({ description: "with erase: by the disk's own command where it has one, else as without" }),
  ),
});
export type MachineReleaseRequest = Static<typeof MachineReleaseRequest>;

const Some = (description: string) => Type.Optional(Type.Array(text(254), { minItems: 1, maxItems: 100, description }));

/** What somebody wants of a machine that is ready. */
export const MachineAllocateRequest = strict({
  ...MachineRequest.properties,
  machines: Some('one of these, by host name, full name or id'),
  architectures: Some('one of these: amd64, arm64; what follows a slash does not count'),
  cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_536, description: 'so many processors at least' })),
  memoryMb: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31, description: 'so much memory at least, MiB' })),
  tags: Some('all of these tags'),
  notTags: Some('none of these tags'),
  zones: Some('in one of these zones, by name'),
  notZones: Some('in none of these zones'),
  pools: Some('in one of these resource pools, by name'),
  notPools: Some('in none of these resource pools'),
  subnets: Some('an interface on the VLAN of one of these subnets, by CIDR or name'),
  notSubnets: Some('no interface on the VLAN of one of these subnets'),
  interfaces: Type.Optional(
    text(2000, 'interfaces, such as net:fabric=fabric-0,vid=20;data:space=storage: each label gets another one'),
  ),
  annotations: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
      maxProperties: 64,
      description: 'texts of tools that are stored with it, beside those that it has; by name',
    }),
  ),
  storage: Type.Optional(
    text(
      2000,
      'disks, such as root:8(ssd),data:100: GB and tags; the first is the one that holds /, each other label gets one that holds nothing',
    ),
  ),
});
export type MachineAllocateRequest = Static<typeof MachineAllocateRequest>;

/** The machine that the caller has now, and which part of it meets which requirement. */
export const MachineAllocated = strict({
  machine: Machine,
  storage: Type.Record(Type.String(), Type.String(), { description: 'names of disks, by the labels of the request' }),
  interfaces: Type.Record(Type.String(), Type.Integer(), {
    description: 'ids of interfaces, by the labels of the request',
  }),
});
export type MachineAllocated = Static<typeof MachineAllocated>;

const PARTS = {
  roles: OPERATORS,
  params: MACHINE.schemas.params,
  body: MachineRequest,
  response: MACHINE.schemas.answer,
} as const;
/** A machine's owner may do these with it; a user without a machine gets one. The use case checks the owner. */
const OWNER_PARTS = { ...PARTS, roles: KEY_OWNERS } as const;
const RUN_PARTS = { ...PARTS, body: MachineRunRequest } as const;

/** Calls that begin or end something of a machine's lifecycle (model/machines/machine-lifecycle.ts). */
export const MACHINE_LIFECYCLE_ROUTES = {
  'machine.commission': begin(
    '/machines/{machine}/commission',
    'Commission a machine: it boots from the network and reports its hardware',
    RUN_PARTS,
  ),
  'machine.test': begin('/machines/{machine}/test', 'Test a machine: it boots from the network and runs tests', {
    ...RUN_PARTS,
    roles: KEY_OWNERS,
  }),
  'machine.allocate': post('/machines/{machine}/allocate', 'Take a machine that is ready', {
    ...OWNER_PARTS,
    status: 200,
  }),
  'machine.deploy': begin('/machines/{machine}/deploy', 'Deploy an image on a machine', {
    ...OWNER_PARTS,
    body: MachineDeployRequest,
    bodyLimit: DEPLOY_BODY_MAX,
  }),
  'machine.release': begin('/machines/{machine}/release', 'Give a machine back, its disks erased if you want', {
    ...OWNER_PARTS,
    body: MachineReleaseRequest,
  }),
  'machine.abort': begin(
    '/machines/{machine}/abort',
    'End the commissioning, the test, the deployment of a machine, or the erasure of its disks',
    OWNER_PARTS,
  ),
  'machine.mark-broken': begin(
    '/machines/{machine}/mark-broken',
    'Mark a machine as broken: nobody uses it',
    OWNER_PARTS,
  ),
  'machine.mark-fixed': begin('/machines/{machine}/mark-fixed', 'Take back that a machine is broken', PARTS),
  'machine.lock': begin(
    '/machines/{machine}/lock',
    'Lock a machine: it is not changed before it is unlocked',
    OWNER_PARTS,
  ),
  'machine.unlock': begin('/machines/{machine}/unlock', 'Unlock a machine', OWNER_PARTS),
  'machine.rescue': begin(
    '/machines/{machine}/rescue',
    'Bring a machine into rescue mode: it boots a system from the network that people can log in to',
    PARTS,
  ),
  'machine.exit-rescue': begin('/machines/{machine}/exit-rescue', 'End the rescue mode of a machine', PARTS),
} as const;

const Machines = Type.Optional(
  Type.Array(text(6), { maxItems: 10_000, description: 'ids; those of no machine are left out' }),
);
/** What gives a tag to many machines. */
export const MachineTagging = strict({
  tag: text(64, 'id or name of a tag without a definition'),
  add: Machines,
  remove: Machines,
});
const MachinesTagged = strict({
  added: Type.Integer({ description: 'machines that have it and had it not' }),
  removed: Type.Integer({ description: 'machines that have it no more' }),
});

/** Calls about whichever machine fits, and about many. */
export const MACHINE_SELECTION_ROUTES = {
  'machine.tag-many': post('/machines/tags', 'Give a tag to many machines, or take it from them, in one change', {
    roles: OPERATORS,
    body: MachineTagging,
    response: MachinesTagged,
    status: 200,
  }),
  'machine.allocate-any': post('/machines/allocate', 'Take a machine that is ready and fits', {
    roles: KEY_OWNERS,
    body: MachineAllocateRequest,
    response: MachineAllocated,
    status: 200,
  }),
} as const;
