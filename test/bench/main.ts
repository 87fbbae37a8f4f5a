import { benchApi } from './api.ts';
import { benchBrowser } from './browser/browser.ts';
import { benchHeap } from './browser/heap.ts';
import { benchCompile } from './compile.ts';
import { benchDeployments } from './deployments/deployments.ts';
import { benchDhcp } from './dhcp.ts';
import { benchDhcpPair } from './dhcp-pair.ts';
import { benchFleet } from './fleet/fleet.ts';
import { benchHost } from './host.ts';
import { benchMaas } from './maas.ts';
import { benchMachines } from './machines.ts';
import { benchPublish } from './publish.ts';
import { type Figure, figureText, isReached } from './report.ts';

/** `count`: how many of what the part is about, where it can be chosen. */
const PARTS: Readonly<Record<string, (count?: number) => Promise<Figure[]>>> = {
  compile: benchCompile,
  api: benchApi,
  maas: benchMaas,
  host: benchHost,
  dhcp: benchDhcp,
  'dhcp-pair': benchDhcpPair,
  publish: benchPublish,
  machines: benchMachines,
  deployments: benchDeployments,
  fleet: benchFleet,
  browser: benchBrowser,
  'browser-heap': benchHeap,
};
/** What needs a running lab is done when it is named. */
const IN_A_LAB = ['machines', 'deployments', 'fleet', 'browser', 'browser-heap'];
/** Parts that a number may follow. */
const COUNTED = ['fleet'];

/** `npm run bench [-- PART [COUNT] …]`: every number beside its target of numbers.md. Exit 1 when one is missed. */
const words = process.argv.slice(2);
const isCount = (word: string, index: number) =>
  /^[1-9]\d{0,4}$/.test(word) && COUNTED.includes(words[index - 1] ?? '');
const wanted = words.filter((word, index) => !isCount(word, index));
const countOf = (name: string) => {
  const index = words.indexOf(name) + 1;
  return index > 0 && isCount(words[index] ?? '', index) ? Number(words[index]) : undefined;
};
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(
    `unknown part ${unknown.join(', ')}; parts: ${Object.keys(PARTS).join(', ')}; a number may follow ${COUNTED.join(', ')}`,
  );
  process.exit(2);
}
const figures: Figure[] = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length > 0 ? !wanted.includes(name) : IN_A_LAB.includes(name)) continue;
  console.log(`\n== ${name}`);
  for (const figure of await part(countOf(name))) {
    figures.push(figure);
    console.log(figureText(figure));
  }
}
const missed = figures.filter((figure) => isReached(figure) === false);
console.log(
  `\n${figures.length} figures, ${missed.length} missed${missed.length > 0 ? `: ${missed.map((figure) => figure.name).join('; ')}` : ''}`,
);
process.exitCode = missed.length > 0 ? 1 : 0;
