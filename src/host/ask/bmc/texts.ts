import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';

/** Memory, not a disk. */
const FOLDER = '/dev/shm';

/** Opens each text as a file that has no name any more: whoever gets the descriptor can read it, and nobody else. */
export async function openTexts(texts: readonly string[]): Promise<readonly FileHandle[]> {
  const opened: FileHandle[] = [];
  try {
    for (const text of texts) {
      const path = `${FOLDER}/regent-${randomBytes(12).toString('hex')}`;
      const file = await open(path, 'wx+', 0o600);
      opened.push(file);
      await unlink(path);
      await file.writeFile(text);
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()));
    throw error;
  }
}
