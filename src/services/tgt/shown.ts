/** A target as tgtd shows it. `sessions`: how many machines are logged in; `lun`: logical unit 1, null: it has none. */
export interface ShownTarget {
  readonly tid: number;
  readonly name: string;
  readonly sessions: number;
  readonly lun: { readonly path: string; readonly isOnline: boolean; readonly isReadOnly: boolean } | null;
  readonly networks: readonly string[];
}

/** Reads `tgtadm --mode target --op show`, as tgtd 1.0.85 prints it. Lines that it does not know are passed over. Pure. */
export function parseTargets(text: string): readonly ShownTarget[] {
  return text.split(/^(?=Target \d+: )/m).flatMap((part) => {
    const [, tid, name] = /^Target (\d+): (\S+)/.exec(part) ?? [];
    if (tid === undefined || name === undefined) return [];
    const section = (title: string) =>
      part.split(/^ {4}(?=\S)/m).find((one) => one.startsWith(`${title} information:`)) ?? '';
    const networks = section('ACL')
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const sessions = section('I_T nexus').match(/^ {8}I_T nexus: /gm)?.length ?? 0;
    return [{ tid: Number(tid), name, sessions, lun: lunIn(section('LUN')), networks }];
  });
}

/** Logical unit 1: unit 0 is tgtd's own controller. */
function lunIn(section: string): ShownTarget['lun'] {
  const unit = section.split(/^ {8}LUN: /m).find((one) => /^1\s/.test(one));
  if (unit === undefined) return null;
  const value = (name: string) => new RegExp(`^ +${name}: *(.*)$`, 'm').exec(unit)?.[1]?.trim() ?? '';
  return {
    path: value('Backing store path'),
    isOnline: value('Online') === 'Yes',
    isReadOnly: value('Readonly') === 'Yes',
  };
}

/** Reads `tgtadm --mode portal --op show`: where tgtd listens. Pure. */
export function parsePortals(text: string): readonly string[] {
  return [...text.matchAll(/^Portal: (\S+),\d+$/gm)].map(([, portal = '']) => portal);
}
