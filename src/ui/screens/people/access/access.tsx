import type { JSX } from 'preact';
import { useMay } from '../../../live/use-may.ts';
import { linkTo } from '../../../models/base/address.ts';
import { Tabs } from '../../../parts/tabs.tsx';
import { LATE as EN } from '../../../texts/late.ts';
import { Certificates } from '../../cluster/trust/certificates.tsx';
import { Keys } from './keys.tsx';
import { Sessions } from './sessions.tsx';
import { SshKeys } from './ssh-keys.tsx';
import { Tokens } from '../../cluster/trust/tokens.tsx';
import { Users } from './users.tsx';

const PARTS = {
  users: Users,
  keys: Keys,
  'ssh-keys': SshKeys,
  sessions: Sessions,
  tokens: Tokens,
  certificates: Certificates,
} as const;
type AccessPart = keyof typeof PARTS;
const isPart = (text: string): text is AccessPart => Object.hasOwn(PARTS, text);

/** Who may do what. Without a part: the first that the viewer may see. Null: there is no such part. */
export function access(rest: readonly string[]): JSX.Element | null {
  const [part, ...more] = rest;
  if (more.length > 0 || (part !== undefined && !isPart(part))) return null;
  return <Access part={part ?? null} />;
}

function Access({ part }: { readonly part: AccessPart | null }): JSX.Element {
  const may = useMay();
  const hidden: readonly AccessPart[] = [
    ...(may.keep ? [] : (['users', 'certificates'] as const)),
    ...(may.administer ? [] : (['tokens'] as const)),
  ];
  const parts = (Object.keys(PARTS) as AccessPart[]).filter((id) => !hidden.includes(id));
  const at = part ?? parts[0] ?? 'keys';
  const Shown = PARTS[at];
  return (
    <div class="tabbed">
      <Tabs
        name={EN.access.title}
        at={at}
        tabs={parts.map((id) => ({ id, label: EN.access.parts[id], link: linkTo(['access', id]) }))}
      />
      <Shown />
    </div>
  );
}
