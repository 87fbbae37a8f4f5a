import { isRejected, type Rejected, rejected, show } from '../../core/errors.ts';
import type { ImageArchitecture } from './image.ts';
import { BLOCK, type TarEntry, paxValues, readHeader, textOf } from './tar-header.ts';

/** Checks unpacked bytes as they come, in little memory. The first refusal is final. */
export interface Scan {
  push(chunk: Uint8Array): Rejected | null;
  /** No more bytes come. */
  end(): Rejected | null;
}

/** What the archive must be. */
export type TarWanted = { readonly architecture: ImageArchitecture; readonly needsCloudInit: boolean };

/** Long names and pax headers beyond it are nobody's. */
const EXTRA_MOST = 65_536;
const LINKS_MOST = 500_000;
const ELF_HEAD = 20;
/** e_machine of ELF (System V ABI). */
const MACHINES: Readonly<Record<number, string>> = {
  62: 'amd64',
  183: 'arm64',
  3: 'i386',
  40: 'arm',
  21: 'ppc64el',
  22: 's390x',
  243: 'riscv64',
};
const PROGRAM = /^(?:usr\/)?s?bin\/[^/]+$/;
/** Memory (null, zero, random) and terminals: what every system has. */
const USUAL_MAJORS = [1, 5];

/**
 * Checks a tar as its bytes come: every header is whole, no member leads out of the folder or through a link, no device but the usual ones lies in it,
 * and most programs are of the architecture.
 */
export function createTarScan(wanted: TarWanted): Scan {
  const state = {
    entry: null as TarEntry | null,
    left: 0,
    padding: 0,
    isOver: false,
    extra: null as Uint8Array | null,
  };
  const header = new Uint8Array(BLOCK);
  let filled = 0;
  const members = createMembers(wanted);

  /** A header is whole: what follows is its payload. */
  const open = (): Rejected | null => {
    const entry = readHeader(header);
    if (isRejected(entry)) return entry;
    if (entry === null) {
      state.isOver = true;
      return null;
    }
    state.entry = entry;
    state.left = entry.size;
    state.padding = -entry.size & (BLOCK - 1);
    state.extra = null;
    if ('LKxg'.includes(entry.type)) {
      if (entry.size > EXTRA_MOST) return broken(`a name or an attribute has ${entry.size} bytes`);
      state.extra = new Uint8Array(entry.size);
      return null;
    }
    const refusal = members.add(entry, (size) => {
      state.left = size;
      state.padding = -size & (BLOCK - 1);
    });
    return refusal;
  };
  const take = (payload: Uint8Array): void => {
    const { entry, extra } = state;
    if (entry === null) return;
    if (extra) extra.set(payload, extra.length - state.left);
    else members.readPayload(payload);
    state.left -= payload.length;
    if (state.left === 0 && extra) members.name(entry.type, extra);
  };

  return {
    push: (chunk) => {
      for (let at = 0; at < chunk.length && !state.isOver; ) {
        const rest = chunk.length - at;
        if (state.left > 0) {
          const length = Math.min(rest, state.left);
          take(chunk.subarray(at, at + length));
          at += length;
        } else if (state.padding > 0) {
          const length = Math.min(rest, state.padding);
          state.padding -= length;
          at += length;
        } else {
          const length = Math.min(rest, BLOCK - filled);
          header.set(chunk.subarray(at, at + length), filled);
          filled += length;
          at += length;
          if (filled < BLOCK) continue;
          filled = 0;
          const refusal = open();
          if (refusal) return refusal;
        }
      }
      return null;
    },
    end: () => (state.isOver ? members.end() : broken('it ends in the middle')),
  };
}

/** What is known of the members so far. */
function createMembers({ architecture, needsCloudInit }: TarWanted) {
  const links = new Set<string>();
  const programs = new Map<string, number>();
  let [longName, longTarget, pax] = ['', '', new Map<string, string>()];
  let [head, headFilled, hasCloudInit] = [null as Uint8Array | null, 0, false];

  return {
    /** A member begins; `resize`: its payload is of another size than its header says. */
    add: (entry: TarEntry, resize: (size: number) => void): Rejected | null => {
      const raw = pax.get('path') ?? (longName || entry.name);
      const target = pax.get('linkpath') ?? (longTarget || entry.target);
      const size = pax.get('size');
      if (size !== undefined && /^\d{1,15}$/.test(size)) resize(Number(size));
      [longName, longTarget, pax] = ['', '', new Map()];
      const path = pathOf(raw);
      const refusal = path === null ? leadsOut(raw) : refusalOf({ ...entry, name: path, target }, links);
      if (refusal || path === null) return refusal;
      if (entry.type === '2') links.add(path);
      else links.delete(path);
      if (links.size > LINKS_MOST) return broken(`it has more than ${LINKS_MOST} symbolic links`);
      hasCloudInit ||= path === 'usr/bin/cloud-init';
      [head, headFilled] = [isFile(entry.type) && PROGRAM.test(path) ? new Uint8Array(ELF_HEAD) : null, 0];
      return null;
    },
    /** Bytes of a member's payload. */
    readPayload: (payload: Uint8Array): void => {
      if (head === null) return;
      const piece = payload.subarray(0, ELF_HEAD - headFilled);
      head.set(piece, headFilled);
      headFilled += piece.length;
      if (headFilled < ELF_HEAD) return;
      const machine = machineOf(head);
      if (machine !== null) programs.set(machine, (programs.get(machine) ?? 0) + 1);
      head = null;
    },
    /** A long name, or attributes, for the member that comes next. */
    name: (type: string, bytes: Uint8Array): void => {
      if (type === 'L') longName = textOf(bytes);
      else if (type === 'K') longTarget = textOf(bytes);
      else if (type === 'x') pax = paxValues(bytes);
    },
    end: (): Rejected | null => {
      const [most] = [...programs].toSorted(([, one], [, other]) => other - one);
      if (most === undefined)
        return rejected('invalid_value', 'It has no program in /usr/bin or /bin: it is not a Linux root file system.');
      if (most[0] !== architecture)
        return rejected('invalid_value', `Its programs are of ${most[0]}, but its manifest says ${architecture}.`);
      if (needsCloudInit && !hasCloudInit)
        return rejected(
          'invalid_value',
          'It has no /usr/bin/cloud-init, but its manifest says that it has cloud-init. Upload it with --cloud-init no.',
        );
      return null;
    },
  };
}

/** A member's place below the folder, without `./`; null: it lies elsewhere. */
function pathOf(name: string): string | null {
  if (name.startsWith('/')) return null;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}

function refusalOf(entry: TarEntry, links: ReadonlySet<string>): Rejected | null {
  const { type, name, target, major } = entry;
  const through = ancestorsOf(name).find((one) => links.has(one));
  if (through !== undefined)
    return rejected('invalid_value', `The member ${show(name)} leads through the link ${show(through)}.`);
  if (type === '1' && pathOf(target) === null) return leadsOut(target);
  const isUsual = type === '3' && name.startsWith('dev/') && USUAL_MAJORS.includes(major);
  if ((type === '3' || type === '4') && !isUsual) {
    const remedy = "Pack it without: tar --exclude='./dev/*'.";
    return rejected('invalid_value', `The member ${show(name)} is a device. A machine makes its own. ${remedy}`);
  }
  return null;
}

function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function leadsOut(name: string): Rejected {
  return rejected('invalid_value', `The member ${show(name)} leads out of the folder into which it is unpacked.`);
}

const isFile = (type: string): boolean => type === '0' || type === '7';

function machineOf(head: Uint8Array): string | null {
  if (head[0] !== 0x7f || textOf(head.subarray(1, 4)) !== 'ELF') return null;
  const isLittle = head[5] === 1;
  const machine = new DataView(head.buffer).getUint16(18, isLittle);
  return MACHINES[machine] ?? `machine ${machine}`;
}

function broken(why: string): Rejected {
  return rejected('invalid_value', `It is not a complete tar archive: ${why}.`);
}
