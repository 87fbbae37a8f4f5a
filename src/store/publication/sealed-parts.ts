import { sql } from 'kysely';
import type { BodyPart, PartText, PartTexts } from '../../contract/base/wire/body-parts.ts';
import { isRejected } from '../../core/errors.ts';
import { openOrThrow, sealOrThrow } from '../queries/base/sealing.ts';
import type { Tx } from '../tx.ts';

/** A part as a row has it: sealed where it holds a secret. Its digest is that of the opened part. */
export type PartRow = BodyPart | { readonly sealed: string };

function placeOf(digest: string): string {
  return `part/${digest}`;
}

/** The parts as they are stored: those that hold one of the secrets are sealed. */
export async function sealParts(tx: Tx, parts: PartTexts, secrets: readonly string[]): Promise<PartTexts> {
  if (secrets.length === 0) return parts;
  const stored = new Map<string, PartText>();
  for (const [digest, part] of parts) {
    const isSecret = secrets.some((secret) => part.text.includes(secret));
    const text = isSecret ? JSON.stringify({ sealed: await sealOrThrow(tx, placeOf(digest), part.text) }) : part.text;
    stored.set(digest, { ...part, text });
  }
  return stored;
}

/** Seals parts that hold one of these secrets and that an earlier release stored in clear. Gives how many. */
export async function sealPlainParts(tx: Tx, secrets: readonly string[]): Promise<number> {
  const rows = await tx.all(sql<{ digest: string; text: string }>`
    select encode(p.digest, 'hex') as digest, p.content::text as text from body_parts p
    where exists (select from unnest(${[...secrets]}::text[]) as s where position(s in p.content::text) > 0)`);
  for (const { digest, text } of rows) {
    const content = JSON.stringify({ sealed: await sealOrThrow(tx, placeOf(digest), text) });
    await tx.run(sql`update body_parts set content = ${content}::json where digest = decode(${digest}, 'hex')`);
  }
  return rows.length;
}

/** Opens a part; null: another authority sealed it. */
export async function openPart(tx: Tx, digest: string, row: PartRow): Promise<BodyPart | null> {
  if (!('sealed' in row)) return row;
  const text = await tx.sealer.open(placeOf(digest), row.sealed);
  return isRejected(text) ? null : (JSON.parse(text) as BodyPart);
}

/** Opens parts for the node that they are of. A part that does not open ends the transaction. */
export async function openParts(
  tx: Tx,
  rows: Readonly<Record<string, PartRow>> | null,
): Promise<Readonly<Record<string, BodyPart>>> {
  const parts: Record<string, BodyPart> = {};
  for (const [digest, row] of Object.entries(rows ?? {}))
    parts[digest] =
      'sealed' in row ? (JSON.parse(await openOrThrow(tx, placeOf(digest), row.sealed)) as BodyPart) : row;
  return parts;
}
