/** What a loader that is told a script does next. `says`: the first line that it shows. */
export type Told =
  | {
      readonly kind: 'kernel';
      readonly kernel: string;
      readonly initrd: string;
      readonly parameters: readonly string[];
    }
  | { readonly kind: 'wait'; readonly seconds: number; readonly says: string }
  | { readonly kind: 'end'; readonly says: string };

/** Settings of iPXE by name, such as `netX/mac`. */
export type Settings = Readonly<Record<string, string>>;

/**
 * Where the first script of iPXE leads: the target of its first `chain`, with the machine's settings in it; what it does not know is empty, as with
 * iPXE. Null: it leads nowhere.
 */
export function chainOf(script: string, base: string, settings: Settings): string | null {
  const [, ...words] = commandsOf(script).find(([command]) => command === 'chain') ?? [];
  const target = words.find((word) => !word.startsWith('--'));
  if (target === undefined) return null;
  const filled = target.replace(/\$\{([^}]*)\}/g, (_, name: string) => settings[name] ?? '');
  return URL.canParse(filled, base) ? new URL(filled, base).href : null;
}

/** What a machine's own script tells it. */
export function readScript(script: string): Told {
  const commands = commandsOf(script);
  const [, ...shown] = commands.find(([command]) => command === 'echo') ?? [];
  const says = shown.join(' ');
  const wordsOf = (name: string) => {
    const [, ...words] = commands.find(([command]) => command === name) ?? [];
    const end = words.indexOf('||');
    return words.slice(words[0] === '--name' ? 2 : 0, end < 0 ? undefined : end);
  };
  const [[kernel, ...parameters], [initrd]] = [wordsOf('kernel'), wordsOf('initrd')];
  if (kernel !== undefined && initrd !== undefined) return { kind: 'kernel', kernel, initrd, parameters };
  const ends = ['poweroff', 'sanboot', 'exit'];
  if (commands.some(([command = '']) => ends.includes(command))) return { kind: 'end', says };
  const seconds = Number(wordsOf('sleep')[0] ?? '');
  return { kind: 'wait', seconds: Number.isFinite(seconds) && seconds > 0 ? seconds : 10, says };
}

/** The value of a parameter of the kernel, such as `regent.metadata`; null: it is not there. */
export function parameterOf(parameters: readonly string[], name: string): string | null {
  return parameters.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
}

function commandsOf(script: string): string[][] {
  return script
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split(' ').filter((word) => word !== ''));
}
