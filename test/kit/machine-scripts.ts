import { parseBuiltIn, type Script } from '../../src/model/machines/scripts/script.ts';
import { value } from './store.ts';

/** A script of the release: its name, what it does after its first lines, and members of its metadata. */
export function builtInScript(name: string, body = '', members = 'timeout: 60', first = '#!/bin/sh'): Script {
  const lines = [`name: ${name}`, ...members.split('; ')].map((line) => `# ${line}\n`).join('');
  const comment = `# --- Start MAAS 1.0 script metadata ---\n${lines}# --- End MAAS 1.0 script metadata ---\n`;
  return value(parseBuiltIn(`${first}\n${comment}${body}\n`));
}

/** As a region takes them, with a runner that does nothing. */
export function machineScriptsOf(...builtIn: readonly Script[]) {
  return { builtIn, files: { runner: '#!/bin/sh\n', runScript: '#!/bin/sh\n' } };
}
