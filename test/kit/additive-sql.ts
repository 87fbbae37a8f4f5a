/**
 * Why a migration is not additive: a release that does not know it could not go on working beside one that does. Each sentence names a statement; none
 * for an additive one. Only what is known to be harmless is let through: new tables with whatever belongs to them, and columns that an older
 * INSERT may leave out. What is meant to break older releases says so in its first line (`--! breaking`).
 */
export function breakingStatements(text: string): string[] {
  const statements = statementsOf(text);
  const own = new Set(statements.flatMap((statement) => CREATE_TABLE.exec(statement)?.groups?.['table'] ?? []));
  return statements.flatMap((statement) => {
    const why = whyNot(statement, own);
    return why === null ? [] : [`${why}: ${statement.slice(0, 80)}`];
  });
}

const NAME = '(?<table>[a-z_][a-z0-9_.]*)';
const CREATE_TABLE = new RegExp(`^create table (?:if not exists )?${NAME}`);
const ON_TABLE = [
  new RegExp(`^create (?<what>unique )?index .*?\\bon (?:only )?${NAME}`),
  new RegExp(`^create (?:constraint )?(?<what>trigger) .*?\\bon ${NAME}`),
];
const ALTER_TABLE = new RegExp(`^alter table (?:if exists )?(?:only )?${NAME} (?<actions>.*)$`);
const HARMLESS = [/^create function /, /^create (?:sequence|view|type|domain) /, /^comment on /, /^insert into /];

function whyNot(statement: string, own: ReadonlySet<string>): string | null {
  if (CREATE_TABLE.test(statement) || HARMLESS.some((form) => form.test(statement))) return null;
  for (const form of ON_TABLE) {
    const found = form.exec(statement)?.groups;
    if (!found) continue;
    if (found['what'] === undefined || own.has(found['table'] ?? '')) return null;
    return 'it may refuse what an older release writes';
  }
  const altered = ALTER_TABLE.exec(statement)?.groups;
  if (!altered) return 'it is no statement that is known to be additive';
  if (own.has(altered['table'] ?? '')) return null;
  return (
    actionsOf(altered['actions'] ?? '')
      .map(whyNotAction)
      .find((why) => why !== null) ?? null
  );
}

function whyNotAction(action: string): string | null {
  if (!/^add (?:column )?(?:if not exists )?(?!constraint |check |unique |primary |foreign |exclude )/.test(action))
    return 'it changes what an older release knows';
  if (/\b(?:unique|primary key)\b/.test(action)) return 'it may refuse what an older release writes';
  const isFilled = /\b(?:default|generated)\b/.test(action);
  return /\bnot null\b/.test(action) && !isFilled ? 'an older release does not fill this column' : null;
}

/** Statements in lower case, each on one line, without comments; texts and bodies of functions are left out: no word of theirs counts. */
function statementsOf(text: string): string[] {
  const bare = text.replace(
    /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?<tag>[a-z_]*)\$[\s\S]*?\$\k<tag>\$/gi,
    (found) => (/^(?:--|\/\*)/.test(found) ? ' ' : found.startsWith('"') ? found : "''"),
  );
  const lines = bare.split(';').map((statement) => statement.replace(/\s+/g, ' ').trim().toLowerCase());
  return lines.filter((statement) => statement !== '');
}

/** What an ALTER TABLE does, split at the commas that are in no brackets. */
function actionsOf(text: string): string[] {
  const actions = [''];
  let depth = 0;
  for (const letter of text) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0;
    if (letter === ',' && depth === 0) actions.push('');
    else actions[actions.length - 1] += letter;
  }
  return actions.map((action) => action.trim());
}
