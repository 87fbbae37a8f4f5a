import { randomBytes } from 'node:crypto';

/** Keys as a preseed names them. */
export interface Keys {
  readonly consumer_key: string;
  readonly token_key: string;
  readonly token_secret: string;
}

/** The header that cloud-init sends: another one each time. */
export function oauth(
  { consumer_key, token_key, token_secret }: Keys,
  timestamp = Math.floor(Date.now() / 1000),
): string {
  const nonce = randomBytes(8).readBigUInt64BE().toString();
  return `OAuth oauth_nonce="${nonce}", oauth_timestamp="${timestamp}", oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="${consumer_key}", oauth_token="${token_key}", oauth_signature="%26${token_secret}"`;
}

/** The members of a `#cloud-config` of ours: one per line, two blanks for each level, each value JSON. */
export function readPreseed(
  text: string,
): Record<string, never> & { readonly datasource: { readonly MAAS: Keys & { metadata_url: string } } } {
  const [head, ...lines] = text.trimEnd().split('\n');
  if (head !== '#cloud-config') throw new Error(`no #cloud-config: ${text.slice(0, 80)}`);
  const root: Record<string, unknown> = {};
  const open = [root];
  for (const line of lines) {
    const [, indent = '', name = '', value] = /^((?: {2})*)([a-z_]+|MAAS):(?: (.*))?$/.exec(line) ?? [];
    const level = indent.length / 2;
    const parent = open[level];
    if (name === '' || parent === undefined) throw new Error(`no line of a preseed: ${line}`);
    const inner = {};
    parent[name] = value === undefined ? inner : (JSON.parse(value) as unknown);
    open.splice(level + 1, open.length, inner);
  }
  return root as ReturnType<typeof readPreseed>;
}
