/** Is a snippet's text written in statements of dhcpd.conf, as tools of MAAS write it? An object of JSON begins with a brace. */
export function isStatements(text: string): boolean {
  const start = text.trimStart();
  return start.startsWith('#') || (/^[a-z]/i.test(start) && start.includes(';'));
}
