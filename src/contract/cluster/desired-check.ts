import { Compile } from 'typebox/compile';
import { Desired } from './agent.ts';

const validator = Compile(Desired);

/** A desired state of the agent protocol, as a ledger holds it; null: it is none. Its digest is not checked. */
export const parseDesired = (value: unknown): Desired | null => (validator.Check(value) ? value : null);
