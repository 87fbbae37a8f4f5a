import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerBoot, findUnknownClient } from '../../../src/boot/answer.ts';
import { LOADERS } from '../../../src/boot/client.ts';
import { type EnlistAnswer, STATE_RULES } from '../../../src/boot/decide.ts';
import { forConsole } from '../../../src/boot/script.ts';
import { aPlan, aQuestion, aRecord, BOOT_MAC, BOOT_NOW, type Kind, KINDS, knowledge } from '../../kit/boot.ts';

const NO_REGION: EnlistAnswer = { kind: 'no-region' };
const ENLIST = fc.constantFrom<EnlistAnswer>(
  { kind: 'offer', boot: aPlan() },
  { kind: 'ignored' },
  { kind: 'busy' },
  NO_REGION,
);
/** Any text, also of control characters; `unit: 'binary'` of fast-check takes seconds before its first text. */
const anyText = (maxLength = 60) =>
  fc.oneof(
    fc.uint8Array({ maxLength }).map((bytes) => String.fromCharCode(...bytes)),
    fc.string({ unit: 'grapheme', maxLength }),
    fc.uint16Array({ maxLength }).map((units) => String.fromCharCode(...units)),
  );
const STATES = [...Object.keys(STATE_RULES), 'a-later-state'];
/** Lines that a script of ours may have; nothing that a machine says stands in one of another form. */
const LINES = {
  ipxe: /^(?:#!ipxe|# .*|:failed|echo Regent: [A-Za-z0-9 ._:/,()=?!%@+{}$-]*|imgfree|kernel --name kernel [A-Za-z0-9 ._:/=?,%@+-]+ \|\| goto failed|initrd --name initrd [A-Za-z0-9._:/-]+ \|\| goto failed|boot \|\| goto failed|sleep \d+|dhcp \|\| reboot|chain --replace --autofree \$\{filename\} \|\| reboot|reboot|exit 1|poweroff \|\| echo Regent: .*|sanboot --no-describe --drive 0(?:x80| --filename \\EFI\\BOOT\\BOOT(?:X64|AA64)\.EFI) \|\| echo Regent: .*)$/,
  grub: /^\s*(?:echo 'Regent: [A-Za-z0-9 ._:/,()=?!%@+-]*'|if (?:linux|initrd) '\(http,[0-9.:]+\)\/[A-Za-z0-9._/-]+'(?: '[A-Za-z0-9._:/=?,%@+-]+')*; then|if search --no-floppy --file --set=root '[A-Za-z0-9/.]+'; then|chainloader '[A-Za-z0-9/.]+'|boot|fi|sleep \d+|reboot|halt|exit)$/,
} as const;

function expectScript(script: string, loader: 'ipxe' | 'grub'): void {
  const lines = script.trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(LINES[loader]);
  expect(script).toMatch(loader === 'ipxe' ? /^#!ipxe\necho Regent: \w/ : /^echo 'Regent: \w/);
}

describe('answerBoot', () => {
  it('is never silent, and says nothing that is not its own', () => {
    const value = fc.oneof(anyText(), fc.string(), fc.constantFrom('x86_64', 'efi', BOOT_MAC));
    const query = fc.oneof(
      anyText(1200),
      fc
        .record({ mac: value, uuid: value, serial: value, arch: value, platform: value }, { requiredKeys: [] })
        .map((values) => new URLSearchParams(values).toString()),
    );
    const times = fc.double({ noNaN: true, min: 0, max: 4e9 });
    fc.assert(
      fc.property(fc.constantFrom(...LOADERS), query, ENLIST, times, (loader, text, enlist, now) => {
        const { script, log } = answerBoot({ loader, query: text }, knowledge(), enlist, now);
        expectScript(script, loader);
        expect(JSON.stringify(log)).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });

  it('has a script and a reason for every state of every kind of machine', () => {
    const record = fc.record(
      {
        idle: fc.constantFrom('off' as const, 'local' as const),
        until: fc.integer({ min: 0, max: 4_000_000_000 }),
        uuid: fc.uuid(),
        boot: fc.constantFrom(aPlan('amd64'), aPlan('arm64')),
      },
      { requiredKeys: [] },
    );
    const kinds = fc.constantFrom(...(Object.keys(KINDS) as Kind[]));
    fc.assert(
      fc.property(kinds, fc.constantFrom(...STATES), record, (kind, state, changes) => {
        const { script, log } = answerBoot(aQuestion(kind), knowledge(aRecord(state, changes)), NO_REGION, BOOT_NOW);
        expectScript(script, KINDS[kind].loader);
        expect(log).toMatchObject({ mac: BOOT_MAC, machine: 'abc123', generation: 7 });
        expect(log.reason).toContain('m1');
      }),
    );
  });

  it('has a script even where a template is broken or missing', () => {
    const whole = knowledge(aRecord('ready'));
    for (const text of [undefined, '{{#if x}}', '{{consoleText nothing}}']) {
      const templates = text === undefined ? {} : { ...whole.templates, 'boot/ipxe-off.hbs': text };
      const { script, log } = answerBoot(aQuestion('ipxe-bios'), { ...whole, templates }, NO_REGION, BOOT_NOW);
      expectScript(script, 'ipxe');
      expect(log).toMatchObject({ decision: 'wait', machine: 'abc123' });
      expect(log.reason).toContain('could not be written');
    }
  });
});

describe('strangerOf', () => {
  it('is a machine with a good question that no record knows', () => {
    const { records } = knowledge(aRecord('ready'));
    expect(findUnknownClient(aQuestion('ipxe-bios'), records)).toBeNull();
    expect(findUnknownClient(aQuestion('ipxe-bios', { mac: '52-54-00-AA-00-02' }), records)).toMatchObject({
      mac: '52:54:00:aa:00:02',
      firmware: 'bios',
    });
    expect(findUnknownClient(aQuestion('ipxe-bios', { mac: 'x' }), records)).toBeNull();
  });

  it('is nobody whose MAC two machines claim', () => {
    const { records } = knowledge(aRecord('ready'), aRecord('ready', { machine: 'def456', hostname: 'm2' }));
    expect(findUnknownClient(aQuestion('grub-uefi'), records)).toBeNull();
  });
});

describe('forConsole', () => {
  it('gives what every script can print', () => {
    fc.assert(
      fc.property(anyText(400), (text) => {
        expect(forConsole(text)).toMatch(/^[A-Za-z0-9][A-Za-z0-9 ._:/,()=?!%@+-]*$/);
        expect(forConsole(text)).not.toContain(' -');
      }),
    );
  });
});
