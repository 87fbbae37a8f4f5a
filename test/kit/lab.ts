import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CommandResult } from '../../src/lab/command.ts';
import { execClient, execHost } from '../../src/lab/exec.ts';
import { down, up } from '../../src/lab/lab.ts';
import { LAB_ROOT, type Layout, layoutOf } from '../../src/lab/layout.ts';
import { contextFileOf, keyInside, readContextKey } from '../../src/lab/product/context.ts';
import { labStatus } from '../../src/lab/status.ts';
import { identify } from '../../src/lab/process.ts';
import { installProduct, type ProductResult } from '../../src/lab/product/product.ts';
import { restoreProduct } from '../../src/lab/product/saved.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import type { Topology } from '../../src/lab/topology.ts';
import { systemRandom } from '../../src/main/process.ts';

/** The checkout that the tests lie in. */
export const CHECKOUT = join(import.meta.dirname, '..', '..');
export const LAB_PROGRAM = join(CHECKOUT, 'src', 'main', 'lab.ts');
export const PACKAGES_FILE = join(CHECKOUT, 'scripts', 'packages.txt');

const COMMAND_TIMEOUT_MS = 20_000;

/** A lab of a test's own. Close it in `afterAll`; the cached base stays for the next one. */
export interface TestLab {
  readonly layout: Layout;
  /** In the host, as its root. Never throws for what the command did. */
  exec(host: string, argv: readonly string[], timeoutMs?: number): Promise<CommandResult>;
  /** In the host; its standard output, trimmed. Throws when it fails. */
  ask(host: string, argv: readonly string[], timeoutMs?: number): Promise<string>;
  /** As a client of a network. */
  client(network: string, argv: readonly string[], timeoutMs?: number): Promise<CommandResult>;
  /** Removes the lab and its files. Any number of times. */
  close(): Promise<void>;
}

/** A lab whose host r1 runs the product of this checkout, of this archive. */
export interface ProductLab extends TestLab, ProductResult {
  readonly archive: string;
}

/** A name that no other test's lab has. */
export function testInstance(name: string): string {
  return `t${process.pid}-${name}`.slice(0, 20);
}

/** Removes the labs of test processes that were killed before they could. */
export async function removeAbandoned(): Promise<void> {
  for (const name of existsSync(LAB_ROOT) ? readdirSync(LAB_ROOT) : []) {
    const pid = /^t(\d+)-/.exec(name)?.[1];
    if (pid === undefined || identify(Number(pid)) !== null) continue;
    await down({ layout: layoutOf(name), isPurge: true, keepBases: true, progress: () => {} });
  }
}

/** Boots a lab. Without a topology: one host `r1`, one client on `vlan10`. */
export async function openLab(name: string, topology: Topology = SINGLE): Promise<TestLab> {
  await removeAbandoned();
  const layout = layoutOf(testInstance(name));
  const lab = labOn(layout);
  try {
    await up({ layout, topology, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: () => {} });
    return lab;
  } catch (cause) {
    await lab.close();
    throw cause;
  }
}

/** Makes a release of this checkout, or takes the one that is there; its archive, which the next release of a changed checkout removes. */
export function makeRelease(): string {
  return execFileSync(join(CHECKOUT, 'scripts', 'release'), { encoding: 'utf8', timeout: 300_000 }).trim();
}

/** `isFresh`: it is installed and set up as a person does, with nothing taken from a lab at rest. */
export interface ProductLabOptions {
  readonly isFresh?: boolean;
}

/**
 * A lab with a release of this checkout, set up and well. The first one of a release and topology is brought up, powered off and saved; every one
 * is restored from what is saved, in seconds. What is asserted about an installation itself takes a fresh one: about 20 s for a host, the release cached.
 */
export async function openProductLab(
  name: string,
  topology: Topology = SINGLE,
  { isFresh = false }: ProductLabOptions = {},
): Promise<ProductLab> {
  const folder = mkdtempSync(join(tmpdir(), 'regent-lab-'));
  // A copy of its own: whoever makes the next release meanwhile removes this one.
  const made = makeRelease();
  const kept = join(folder, basename(made));
  copyFileSync(made, kept);
  await removeAbandoned();
  const layout = layoutOf(testInstance(name));
  const lab = labOn(layout);
  const order = {
    layout,
    topology,
    archive: kept,
    random: systemRandom(),
    contextFile: contextFileOf(folder),
    packagesFile: PACKAGES_FILE,
    program: LAB_PROGRAM,
    progress: () => {},
  };
  const start = performance.now();
  try {
    if (isFresh) await up(order);
    const product = await (isFresh ? installProduct(order) : restoreProduct(order));
    const how = isFresh ? 'installed' : 'there from a lab at rest';
    console.log(`the product in ${topology.name} is ${how} after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    const archive = join(layout.folder, basename(made));
    copyFileSync(kept, archive);
    return { ...lab, ...product, archive };
  } catch (cause) {
    await lab.close();
    throw cause;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A lab that runs the product already, as somebody else has brought it up; it stays when it is closed. */
export async function labOf(layout: Layout): Promise<ProductLab> {
  const { url } = labStatus(layout);
  // A first region that was replaced has no key; the checkout that brought the lab up has it.
  const apiKey = (await keyInside(layout, 'r1')) ?? readContextKey(contextFileOf(CHECKOUT));
  if (!url || apiKey === null) throw new Error(`the lab ${layout.instance} does not offer the API: sudo scripts/up`);
  const product = { url, apiKey, isNewKey: false, version: '', health: '', archive: '' };
  return { ...labOn(layout), ...product, close: async () => {} };
}

function labOn(layout: Layout): TestLab {
  const exec = (host: string, argv: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS) =>
    execHost(layout, host, argv, { timeoutMs });
  return {
    layout,
    exec,
    ask: async (host, argv, timeoutMs) => {
      const result = await exec(host, argv, timeoutMs);
      if (result.code === 0) return result.stdout.trim();
      throw new Error(
        `${argv.join(' ')} in ${host}: ${result.isTimeout ? 'timed out' : result.code}: ${result.stderr.trim()}`,
      );
    },
    client: (network, argv, timeoutMs = COMMAND_TIMEOUT_MS) => execClient(layout, network, argv, { timeoutMs }),
    close: () => down({ layout, isPurge: true, keepBases: true, progress: () => {} }),
  };
}
