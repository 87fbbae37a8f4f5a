import Type, { type Static } from 'typebox';
import { text, strict } from '../common.ts';
import { MACHINE } from '../machine.ts';
import { begin, OPERATORS } from '../route-spec.ts';

/** What a call takes that tells a machine what to become. */
export const MachineRequest = strict({
  comment: Type.Optional(text(200, 'why, for people: it is in the history, and the error text of a broken machine')),
});
export type MachineRequest = Static<typeof MachineRequest>;

const Names = (description: string) => Type.Optional(Type.Array(text(128), { maxItems: 100, description }));

/** What begins a run of scripts, that a person may want to look at from inside. */
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

const PARTS = {
  roles: OPERATORS,
  params: MACHINE.schemas.params,
  body: MachineRequest,
  response: MACHINE.schemas.answer,
} as const;
const RUN_PARTS = { ...PARTS, body: MachineRunRequest } as const;

/** Calls that begin or end something of a machine's lifecycle (model/nouns/machine-lifecycle.ts). */
export const MACHINE_LIFECYCLE_ROUTES = {
  'machine.commission': begin(
    '/machines/{machine}/commission',
    'Commission a machine: it boots from the network and tells of its hardware',
    RUN_PARTS,
  ),
  'machine.test': begin(
    '/machines/{machine}/test',
    'Test a machine: it boots from the network and runs tests',
    RUN_PARTS,
  ),
  'machine.abort': begin('/machines/{machine}/abort', 'End the commissioning or the test of a machine', PARTS),
  'machine.mark-broken': begin('/machines/{machine}/mark-broken', 'Mark a machine as broken: nobody uses it', PARTS),
  'machine.mark-fixed': begin('/machines/{machine}/mark-fixed', 'Take back that a machine is broken', PARTS),
  'machine.lock': begin('/machines/{machine}/lock', 'Lock a machine: it is not changed before it is unlocked', PARTS),
  'machine.unlock': begin('/machines/{machine}/unlock', 'Unlock a machine', PARTS),
  'machine.rescue': begin(
    '/machines/{machine}/rescue',
    'Bring a machine into rescue mode: it boots a system from the network that people can log in to',
    PARTS,
  ),
  'machine.exit-rescue': begin('/machines/{machine}/exit-rescue', 'End the rescue mode of a machine', PARTS),
} as const;
