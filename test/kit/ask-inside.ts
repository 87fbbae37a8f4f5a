import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openQuestions } from '../../src/host/ask/open.ts';

/* Asks an open question from where this program runs (a private host's network): node ask-inside.ts QUESTION ROOT. */
const [question = '', root = ''] = process.argv.slice(2);
const file = (name: string) => readFileSync(join(root, 'etc/regent/pki', name), 'utf8');
const asker = openQuestions(() => ({
  id: '',
  authority: file('ca.crt'),
  certificate: file('node.crt'),
  key: file('node.key'),
}));
process.stdout.write(JSON.stringify(await asker.ask(JSON.parse(question))));
asker.close();
