import { benchApi } from './api.ts';
import { benchCompile } from './compile.ts';
import { benchDhcp } from './dhcp.ts';
import { benchDhcpPair } from './dhcp-pair.ts';
import { benchHost } from './host.ts';
import { benchMachines } from './machines.ts';
import { benchPublish } from './publish.ts';
import { type Figure, figureText, isReached } from './report.ts';

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  compile: benchCompile,
  api: benchApi,
  host: benchHost,
  dhcp: benchDhcp,
  'dhcp-pair': benchDhcpPair,
  publish: benchPublish,
  machines: benchMachines,
};

/** `npm run bench [-- PART …]`: every number beside its target of numbers.md. Exit 1 when one is missed. */
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`unknown part ${unknown.join(', ')}; parts: ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const [name, part] of Object.entries(PARTS)) {
  // What needs a running lab is done when it is named.
  if (wanted.length > 0 ? !wanted.includes(name) : name === 'machines') continue;
  console.log(`\n== ${name}`);
  for (const figure of await part()) {
    figures.push(figure);
    console.log(figureText(figure));
  }
}
const missed = figures.filter((figure) => isReached(figure) === false);
console.log(
  `\n${figures.length} figures, ${missed.length} missed${missed.length > 0 ? `: ${missed.map((figure) => figure.name).join('; ')}` : ''}`,
);
process.exitCode = missed.length > 0 ? 1 : 0;
