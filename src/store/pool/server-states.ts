import { type ConnectionSpec, clientConfig, DEFAULT_TIMEOUTS, placeOf, serversOf } from '../connection.ts';
import { stateSentence } from './primary-choice.ts';
import { queryServer, type ServerAnswer } from './server-query.ts';

/**
 * A server of a database that an operator runs, as it says itself. `isSynchronous`: a commit there waits for a standby; it and `timeline` null: not
 * known. `why`: a sentence's part about it.
 */
export interface ServerState {
  readonly server: string;
  readonly state: 'primary' | 'read-only' | 'standby' | 'silent';
  readonly isSynchronous: boolean | null;
  readonly timeline: number | null;
  readonly why: string;
}

const QUERY_MS = 1000;
const NOTHING_SEEN = new Map<string, number>();

/** Asks every server at once what it is now. Never throws; it takes at most about a second for each of two questions. */
export async function readServerStates(connection: ConnectionSpec, name: string): Promise<ServerState[]> {
  return await Promise.all(
    serversOf(connection).map(async (server) => {
      const answer = await queryServer(clientConfig(server, DEFAULT_TIMEOUTS, name), QUERY_MS);
      return { server: placeOf(server), ...stateOf(answer), why: stateSentence(answer, NOTHING_SEEN) };
    }),
  );
}

function stateOf(answer: ServerAnswer): Pick<ServerState, 'state' | 'isSynchronous' | 'timeline'> {
  if (answer.kind !== 'primary') return { state: answer.kind, isSynchronous: null, timeline: null };
  const { isReadOnly, isSynchronous, timeline } = answer;
  return { state: isReadOnly ? 'read-only' : 'primary', isSynchronous, timeline };
}
