import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerBoot, type BootAnswer } from '../../src/boot/answer.ts';
import { LOADERS } from '../../src/boot/client.ts';
import { type EnlistAnswer, STATE_RULES } from '../../src/boot/decide.ts';
import { renderAsk } from '../../src/boot/script.ts';
import { aPlan, aQuestion, aRecord, BOOT_NOW, ISCSI, type Kind, KINDS, knowledge } from '../kit/boot.ts';
import { HOSTILE_QUERIES } from '../kit/hostile-boot.ts';

const golden = (name: string) => join(import.meta.dirname, 'boot', name);
const shown = (title: string, { script, log }: BootAnswer) => `==== ${title}\n${JSON.stringify(log)}\n${script}`;
const kinds = Object.keys(KINDS) as Kind[];

/** What every kind of machine is told in every state, and when nobody knows it. */
describe('boot scripts', () => {
  it.each(kinds)('%s in every state', async (kind) => {
    const architecture = kind === 'ipxe-arm64' ? 'arm64' : 'amd64';
    const texts = [...Object.keys(STATE_RULES), 'a-later-state'].map((state) => {
      const record = aRecord(state, { boots: [aPlan(architecture)], ...(state === 'broken' ? { idle: 'local' } : {}) });
      return shown(state, answerBoot(aQuestion(kind), knowledge(record), { kind: 'no-region' }, BOOT_NOW));
    });
    await expect(texts.join('\n')).toMatchFileSnapshot(golden(`${kind}.txt`));
  });

  it.each(kinds)('%s without a record', async (kind) => {
    const boot = aPlan(kind === 'ipxe-arm64' ? 'arm64' : 'amd64');
    const answers: readonly EnlistAnswer[] = [
      { kind: 'offer', boot },
      { kind: 'ignored' },
      { kind: 'busy' },
      { kind: 'no-region' },
    ];
    const texts = answers.map((answer) =>
      shown(answer.kind, answerBoot(aQuestion(kind), knowledge(), answer, BOOT_NOW)),
    );
    await expect(texts.join('\n')).toMatchFileSnapshot(golden(`${kind}-stranger.txt`));
  });

  it('a root by iSCSI', async () => {
    const record = aRecord('commissioning', { boots: [aPlan('amd64', { iscsi: ISCSI })] });
    const { initrd: _, ...bare } = ISCSI;
    const without = aRecord('commissioning', { boots: [aPlan('amd64', { iscsi: bare })] });
    const ask = (kind: Kind, asked: typeof record) => answerBoot(aQuestion(kind), knowledge(asked), { kind: 'no-region' }, BOOT_NOW);
    const amd64 = kinds.filter((kind) => kind !== 'ipxe-arm64');
    const texts = [...amd64.map((kind) => shown(kind, ask(kind, record))), shown('an image without its part', ask('ipxe-bios', without))];
    await expect(texts.join('\n')).toMatchFileSnapshot(golden('iscsi.txt'));
  });

  it('options of the kernel by operators', async () => {
    const options = ['console=ttyS1,115200n8', 'memmap=4G!4G', 'rd.lvm.lv=vg0/root', 'dyndbg=+p'];
    const record = aRecord('deploying', { boots: [aPlan('amd64', { options })] });
    const amd64 = kinds.filter((kind) => kind !== 'ipxe-arm64');
    const texts = amd64.map((kind) =>
      shown(kind, answerBoot(aQuestion(kind), knowledge(record), { kind: 'no-region' }, BOOT_NOW)),
    );
    await expect(texts.join('\n')).toMatchFileSnapshot(golden('options.txt'));
  });

  it('what stands in the way of a kernel', async () => {
    const base = aRecord('deploying');
    const { boots: _, ...imageless } = base;
    const records = {
      'no image': imageless,
      'another architecture': { ...base, boots: [aPlan('arm64')] },
      'too late': { ...base, until: BOOT_NOW - 1 },
      'the card of another machine': { ...base, uuid: '00000000-1111-4222-8333-444444444444' },
    };
    const texts = Object.entries(records).map(([title, record]) =>
      shown(title, answerBoot(aQuestion('ipxe-uefi'), knowledge(record), { kind: 'no-region' }, BOOT_NOW)),
    );
    const other = aRecord('ready', { machine: 'def456', hostname: 'm2' });
    const twice = answerBoot(aQuestion('ipxe-bios'), knowledge(base, other), { kind: 'no-region' }, BOOT_NOW);
    await expect([...texts, shown('a MAC of two machines', twice)].join('\n')).toMatchFileSnapshot(
      golden('in-the-way.txt'),
    );
  });

  it('hostile strings', async () => {
    const texts = HOSTILE_QUERIES.flatMap((query) =>
      LOADERS.map((loader) =>
        shown(
          `${loader} ${JSON.stringify(query.slice(0, 200))}`,
          answerBoot({ loader, query }, knowledge(), { kind: 'no-region' }, BOOT_NOW),
        ),
      ),
    );
    await expect(texts.join('\n')).toMatchFileSnapshot(golden('hostile-strings.txt'));
  });

  it('the first script of iPXE', async () => {
    await expect(renderAsk(knowledge().templates)).toMatchFileSnapshot(golden('ipxe-ask.txt'));
  });
});
