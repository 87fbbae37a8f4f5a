/**
 * Texts that everybody tries first, collected for Regent: parts of logins, keyboard rows, names of this product and of what it runs. Only the stem is listed: what
 * follows (`1`, `2026`, `!`) and letters written as digits (`p4ssw0rd`) change nothing.
 */
const STEMS: readonly string[] = (
  'password passwort passw passwd pass motdepasse contrasena senha parola kennwort secret geheim admin administrator root toor superuser operator user username ' +
  'guest test testing tester demo example sample default changeme changeit change letmein welcome willkommen hello hallo login logon access enter open opensesame ' +
  'master server system manager service support public private temp temporary tmp backup oracle postgres mysql database cisco dell supermicro calvin ipmi bmc ' +
  'redfish idrac ilo linux ubuntu debian canonical maas regent rack region cluster metal baremetal datacenter network internet computer windows microsoft google ' +
  'apple samsung football baseball soccer basketball hockey monkey dragon sunshine princess shadow superman batman starwars pokemon iloveyou lovely loveme love ' +
  'freedom whatever trustno trustnoone nothing ninja mustang michael jordan jessica charlie daniel thomas summer winter spring autumn january february monday ' +
  'friday qwerty qwertz azerty qwertyui qwertyuiop qwertzuiop asdf asdfgh asdfghjk asdfghjkl zxcv zxcvbn zxcvbnm yxcvbnm qazwsx qazwsxedc qweasd qweasdzxc ' +
  'qwerasdf abcabc abcd abcdef abcdefg abcdefgh aaaa correcthorsebatterystaple changeit123 p@ss secretsecret passwordpassword adminadmin testtest useruser'
).split(' ');
const COMMON = new Set(STEMS);
/** Letters that people write otherwise. */
const LETTERS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};
/** Fewer different characters are no password. */
const DIFFERENT_LEAST = 3;
/** Whoever gives a shorter one knows what it is worth. */
const COUNTED_LEAST = 4;

/** Why everybody would guess this password soon; null: it is none that everybody knows. */
export function weaknessOf(
  password: string,
  user: string,
  { isShortAllowed }: { readonly isShortAllowed: boolean },
): string | null {
  const text = password.toLowerCase();
  const name = user.toLowerCase();
  if (text === name) return 'it is the user’s name';
  if (
    !isShortAllowed &&
    [text, stemOf(text)].some((one) => one === name || one === Array.from(name).reverse().join(''))
  )
    return 'it is the user’s name with a few characters more';
  if (isCommon(text)) return 'it is one of those that everybody tries first';
  if (text.length < COUNTED_LEAST) return null;
  if (new Set(text).size < DIFFERENT_LEAST) return `it has fewer than ${DIFFERENT_LEAST} different characters`;
  return isRow(text) ? 'its characters stand in a row' : null;
}

function isCommon(text: string): boolean {
  const joined = text.replaceAll(/[\s._-]+/gu, '');
  return [text, joined, stemOf(joined), plain(joined), stemOf(plain(joined)), plain(stemOf(joined))].some((one) =>
    COMMON.has(one),
  );
}

/** Without what stands before and after its letters. */
const stemOf = (text: string): string => text.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');

const plain = (text: string): string =>
  Array.from(text)
    .map((letter) => LETTERS[letter] ?? letter)
    .join('');

/** `12345678`, `87654321`, `abcdefgh`: each character is the next one, or the one before. */
function isRow(text: string): boolean {
  const codes = Array.from(text).map((letter) => letter.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, at) => (code === 48 && codes[at] === 57 ? 1 : code - (codes[at] ?? 0)));
  return [1, -1].some((step) => steps.every((one) => one === step));
}
