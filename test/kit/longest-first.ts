import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longest, s, where nothing else runs: what begins last is waited for by everybody. `first-path` makes the lab at rest that others
 * wait for. Others keep vitest's own order.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'lab/first-path': 100,
  'lab/vagrant-provision': 95,
  'lab/adoption': 90,
  'lab/install': 60,
  'lab/machines': 55,
  'lab/saved': 50,
  'lab/dhcp': 37,
  'lab/proxy': 36,
  'lab/lab-faults': 35,
  'lab/registration': 34,
  'check/installation': 330,
  'check/backup-stores': 220,
  'check/backup': 70,
  'check/image-ephemeral': 240,
  'check/proxy': 65,
  'check/dhcp': 36,
  'check/power-ipmi': 35,
  'ui/pages-away': 25,
  'ui/session': 21,
  'ui/pages-ill': 20,
  'ui/pages': 18,
  'ui/fleet': 15,
  'ui/crowds': 14,
  'ui/catalog': 13,
  'ui/pages-well': 13,
  'ui/keeping': 12,
  'ui/outages': 12,
  'ui/hangs': 10,
  'ui/axe': 9,
  'scenario/machine-power': 60,
  'scenario/follow': 50,
  'scenario/jobs': 30,
  'scenario/regiond': 28,
  'scenario/operators-published': 25,
};
/** Judged by the clock: it comes last, when the databases beside it (test/run.ts) wait more than they compute. */
const LAST = 'check/dhcp-pairs';

/** Starts the files of a project in the order of how long they take. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const projects = [...new Set(usual.map(({ project }) => project.name))];
    const place = ({ project }: TestSpecification) => projects.indexOf(project.name);
    return usual.toSorted((a, b) => place(a) - place(b) || secondsOf(b) - secondsOf(a));
  }
}

function secondsOf({ moduleId, project }: TestSpecification): number {
  const path = relative(project.config.root, moduleId).split(sep).slice(1).join('/');
  const name = path.replace(/\.test\.ts$/, '');
  return name === LAST ? -1 : (SECONDS[name] ?? 0);
}
