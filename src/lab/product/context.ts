import { chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { execInHost, needInit } from '../exec.ts';
import type { Layout } from '../layout.ts';

/** The key that `regent init` left for root of a host: for a checkout that has lost its own context. Null without one. */
export async function keyInside(layout: Layout, host: string): Promise<string | null> {
  const argv = ['cat', '/root/.config/regent/config.json'];
  const result = await execInHost(needInit(layout, host), argv, { timeoutMs: 10_000 });
  return result.code === 0 ? apiKeyIn(result.stdout) : null;
}

/** The file in which a checkout keeps the address and the key of the lab that it brought up last. */
export const contextFileOf = (checkout: string): string => join(checkout, '.regent', 'context.json');

/** The key in a checkout's context; null without one. */
export const readContextKey = (file: string): string | null => apiKeyIn(readText(file));

function apiKeyIn(text: string): string | null {
  try {
    return keyOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The key of a context, or of the current one of a file of several (src/cli/README.md). */
function keyOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if ('apiKey' in value && typeof value.apiKey === 'string') return value.apiKey;
  const isFile = 'contexts' in value && typeof value.contexts === 'object' && value.contexts !== null;
  if (!isFile || !('current' in value) || typeof value.current !== 'string') return null;
  return keyOf(new Map<string, unknown>(Object.entries(value.contexts as object)).get(value.current));
}

/**
 * Writes address and key, readable only by the owner of the folder above. Without a new key the one in the file stays;
 * returns the key. Throws AppError `lab_product` when none is known.
 */
export function writeContext(file: string, url: string, newKey: string | null): string {
  const apiKey = newKey ?? readContextKey(file);
  if (!apiKey)
    throw new AppError(
      'lab_product',
      'The API key is no longer known. What to do: scripts/down --purge, then sudo scripts/up.',
    );
  const folder = dirname(file);
  const owner = statSync(dirname(folder));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, owner.uid, owner.gid);
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify({ url, apiKey }, null, 2)}\n`, { mode: 0o600 });
  chownSync(file, owner.uid, owner.gid);
  return apiKey;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
