const HIDDEN = '***';

/** What stands before a secret in daemons' output, and which part is replaced. */
const RULES: readonly (readonly [what: RegExp, instead: string])[] = [
  // A private key, as far as the line has it.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/g, `-----BEGIN PRIVATE KEY-----${HIDDEN}`],
  // The password of an address: postgres://regent:secret@127.0.0.1
  [/(:\/\/[^\s:/@]*:)[^\s/@]+(?=@)/g, `$1${HIDDEN}`],
  // HTTP: Authorization: Bearer …, Cookie: …
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)("?\s*[:=]\s*).+/gi, `$1$2${HIDDEN}`],
  [/\b(bearer|basic)\s+[\w+/=.~:-]{8,}/gi, `$1 ${HIDDEN}`],
  // password=…, "apiKey": "…", PASSWORD '…', oauth_signature="…"
  [
    /((?:pass(?:word|wd|phrase)?|pwd|secret|token|signature|api[_-]?key|private[_-]?key|credential)s?"?\s*(?:[=:]\s*|\s(?=')))("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&'"]+)/gi,
    `$1${HIDDEN}`,
  ],
  // A key of the API and a token that lets a host in.
  [/\b[\w-]{12,}:[\w-]{12,}:[\w-]{20,}\b/g, HIDDEN],
  [/\bregent\d+-[\w-]{8,}/g, HIDDEN],
];

/**
 * A line of a program as people may read it: values that look like secrets are `***`. Programs name secrets in many forms, so this is only the second
 * fence: Regent's own code writes no secret to a log. Pure.
 */
export function maskSecrets(line: string): string {
  return RULES.reduce((text, [what, instead]) => text.replace(what, instead), line);
}
