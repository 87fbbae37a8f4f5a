import Type from 'typebox';
import { Check } from 'typebox/value';
import { SERVICE_STATES, ServiceAction } from '../contract/cluster/agent.ts';
import type { Memory } from '../reconcile/values.ts';

const FileState = Type.Object({
  digest: Type.String(),
  mode: Type.Integer(),
  owner: Type.String(),
  group: Type.String(),
});

const Configuration = Type.Object({
  generation: Type.Integer(),
  digest: Type.String(),
  files: Type.Record(Type.String(), FileState),
});

const Refusal = Type.Object({
  filesDigest: Type.String(),
  why: Type.String(),
  verdict: Type.Union(['open', 'guilty', 'unclear', 'retrying'].map((verdict) => Type.Literal(verdict))),
});

const MemorySchema = Type.Object({
  loaded: Type.Union([Configuration, Type.Null()]),
  good: Type.Union([Configuration, Type.Null()]),
  refused: Type.Union([Refusal, Type.Null()]),
  restart: Type.Union([
    Type.Object({ nonce: Type.String(), pidBefore: Type.Union([Type.Integer(), Type.Null()]), isDone: Type.Boolean() }),
    Type.Null(),
  ]),
  roles: Type.Record(Type.String(), Type.String()),
  telling: Type.Optional(
    Type.Union([
      Type.Object({ kind: Type.String(), value: Type.String(), pidBefore: Type.Union([Type.Integer(), Type.Null()]) }),
      Type.Null(),
    ]),
  ),
  state: Type.Union(SERVICE_STATES.map((state) => Type.Literal(state))),
  since: Type.String(),
  why: Type.String(),
  lastAction: Type.Union([ServiceAction, Type.Null()]),
  actions: Type.Optional(Type.Array(ServiceAction)),
});

/** Is it what the engine remembers of a service? Another release may have written it. */
export const isMemory = (value: unknown): value is Memory => Check(MemorySchema, value);
