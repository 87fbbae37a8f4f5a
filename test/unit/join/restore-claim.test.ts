import { describe, expect, it } from 'vitest';
import {
  completeClaim,
  mustHaveClaim,
  putClaim,
  readClaims,
  removeClaims,
  rivalOf,
} from '../../../src/join/restore/claim.ts';
import type { HostPorts } from '../../../src/join/ports.ts';

/** A store that two hosts see: pgBackRest's commands on files, as it does them. */
class Store {
  readonly files = new Map<string, number>();
  now = 1000;
  isReadOnly = false;
  readonly sentences: string[] = [];

  ports(): HostPorts {
    const ok = (stdout = '') => ({ code: 0, stdout, stderr: '', signal: null, timedOut: false, failure: null });
    const exec = async ({ argv = [] as readonly string[] }) => {
      const [verb = '', path = ''] = argv.slice(3);
      if (verb === 'repo-ls')
        return ok(
          JSON.stringify(
            Object.fromEntries([...this.files].map(([name, time]) => [name.slice('claims/'.length), { time }])),
          ),
        );
      if (this.isReadOnly) return { ...ok(), code: 41, stderr: 'ERROR: [041]: unable to write: read-only' };
      if (verb === 'repo-put') this.files.set(path, this.now);
      if (verb === 'repo-rm') this.files.delete(path);
      return ok();
    };
    return { host: { exec }, say: (line: string) => void this.sentences.push(line) } as unknown as HostPorts;
  }
}

const A = { epochId: '0000000b', name: 'n1', address: '10.0.0.1' };
const B = { epochId: '0000000a', name: 'n2', address: 'fd00::2' };

describe('two restores of one site', () => {
  it('the second one ends, and the first one goes on', async () => {
    const store = new Store();
    expect(await putClaim(store.ports(), A)).toBe(true);
    store.now += 5;
    await putClaim(store.ports(), B);

    await expect(mustHaveClaim(store.ports(), A)).resolves.toBeUndefined();
    await expect(mustHaveClaim(store.ports(), B)).rejects.toThrow(/started on n1 \(10\.0\.0\.1\).*--supersede n1/);
  });

  it('of one second: one of them alone goes on', async () => {
    const store = new Store();
    await putClaim(store.ports(), A);
    await putClaim(store.ports(), B);

    await expect(mustHaveClaim(store.ports(), A)).rejects.toThrow(/started on n2 \(fd00::2\)/);
    await expect(mustHaveClaim(store.ports(), B)).resolves.toBeUndefined();
  });

  it('one that was given up is superseded; its host notices', async () => {
    const store = new Store();
    await putClaim(store.ports(), A);
    await removeClaims(store.ports(), await readClaims(store.ports()));
    store.now += 5;
    await putClaim(store.ports(), B);

    await expect(mustHaveClaim(store.ports(), B)).resolves.toBeUndefined();
    await expect(mustHaveClaim(store.ports(), A)).rejects.toThrow(/started on n2/);
    await completeClaim(store.ports(), B);
    await expect(mustHaveClaim(store.ports(), A)).rejects.toThrow(/superseded this restore/);
  });

  it('one that is done keeps nobody away, and says where the site lives', async () => {
    const store = new Store();
    await putClaim(store.ports(), A);
    await completeClaim(store.ports(), A);

    const claims = await readClaims(store.ports());
    expect(claims).toEqual([{ ...A, isDone: true, at: 1_000_000 }]);
    expect(rivalOf(claims, '')).toBeNull();
  });

  it('on a store that takes no file: a warning, and no claim', async () => {
    const store = new Store();
    store.isReadOnly = true;

    expect(await putClaim(store.ports(), A)).toBe(false);
    expect(store.sentences.join(' ')).toMatch(/read-only.*would not be seen/);
  });
});
