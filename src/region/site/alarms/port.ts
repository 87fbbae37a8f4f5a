import type { AlertMessage, AlertPlace } from '../../../model/site/alert-target.ts';

/** A message to send. `closed`: addresses to which nothing goes, whatever name leads there. `secret` null: there is none. */
export interface OutgoingAlarm {
  readonly place: AlertPlace;
  readonly secret: string | null;
  readonly message: AlertMessage;
  readonly closed: readonly string[];
}

/** Sends one message; gives null, or why it was not delivered, without secrets. It ends within its own time limit and never throws. */
export type SendAlarm = (alarm: OutgoingAlarm) => Promise<string | null>;

declare module '../../base/use-case.ts' {
  interface CasePorts {
    readonly sendAlarm: SendAlarm;
  }
}
