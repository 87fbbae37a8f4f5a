import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { networkFiles } from '../../src/model/machines/deployment/network-files.ts';
import { pretty } from '../kit/goldens.ts';
import { NETWORK_CASES, planOfCase } from '../kit/network-plans.ts';

const golden = (name: string) => join(import.meta.dirname, 'network', `${name}.txt`);

/** The plan of a machine's network, and all the texts that the installer gets of it. */
describe('the network of a deployed system', () => {
  it.each(Object.keys(NETWORK_CASES))('%s', async (name) => {
    const plan = planOfCase(name);
    const texts = Object.entries(networkFiles(plan)).map(([path, text]) => `==== ${path}\n${text}`);
    await expect([`${pretty(plan)}\n`, ...texts].join('\n')).toMatchFileSnapshot(golden(name));
  });
});
