import type { ExecResult, FileContent, HostFacts, UnitState, UnitVerb } from '../../../src/core/host-values.ts';
import type { Host } from '../../../src/host/interface.ts';
import { argvOf } from '../../kit/argv-of.ts';
import { Mortal } from './mortal.ts';

/** How a host behaves. Effects of `exec` are counted by itself, those of `act` here. */
interface HostRules {
  readonly facts: Pick<HostFacts, 'hostname' | 'interfaces'>;
  /** State of a unit. */
  active(unit: string): UnitState['active'];
  act(unit: string, verb: UnitVerb): void;
  exec(argv: readonly string[]): ExecResult;
}

/** A host with files that survive the kills of the processes that work on it. */
export class MortalHost extends Mortal {
  readonly files = new Map<string, FileContent>();

  put(path: string, content: string): void {
    this.files.set(path, { path, content, mode: 0o644, owner: 'root', group: 'root' });
  }

  text(path: string): string | null {
    return this.files.get(path)?.content ?? null;
  }

  /** The host as a process sees it. */
  protected hostOf(rules: HostRules): Host {
    return {
      files: {
        read: async (path) => this.text(path),
        list: async () => [],
        install: async (file) => this.effect(() => void this.files.set(file.path, file)),
        move: async () => undefined,
        remove: async (path) => this.effect(() => void this.files.delete(path)),
      },
      units: {
        state: async (unit) => {
          const active = rules.active(unit);
          const mainPid = active === 'active' ? 77 : null;
          return { load: 'loaded', active, sub: '', mainPid, restarts: 0, sinceMs: null };
        },
        act: async (unit, verb) => this.effect(() => rules.act(unit, verb)),
        mount: async () => null,
      },
      exec: async (command) => rules.exec(argvOf(command)),
      facts: async () => ({ os: { id: 'debian', version: '13' }, isContainer: true, versions: {}, ...rules.facts }),
    };
  }
}
