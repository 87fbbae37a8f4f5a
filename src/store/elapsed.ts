import { type RawBuilder, sql } from 'kysely';

/**
 * Is a stored moment of the past older than `age` (an interval)? A moment of the future was stored before somebody set the database's clock back: it is
 * old, too. Otherwise what is done once in a while would wait until the clock reaches that moment again.
 */
export function isOlder(moment: RawBuilder<unknown>, age: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(${moment} < now() - ${age} or ${moment} > now() + interval '10 seconds')`;
}
