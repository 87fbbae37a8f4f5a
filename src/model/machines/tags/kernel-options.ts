import { invalid, type Rejected, show } from '../../../core/errors.ts';

/** Characters of the options that one tag gives. */
export const KERNEL_OPTIONS_MAX = 500;
/**
 * Characters of all options of a machine: Linux takes a line of 2,047 on amd64 and arm64, and Regent's own options must
 * also fit.
 */
export const ALL_OPTIONS_MAX = 1400;
/** The law as a sentence. */
export const KERNEL_OPTIONS_RULE =
  'one line of options of the kernel with blanks between, such as console=ttyS1,115200 intel_iommu=on: names of letters, digits and . _ -, values of those and ! % + , / : = ? @ ~; no quote and no $ ; & | < > { } # * \\, which boot loaders give a meaning to';

const OPTION = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?:=[A-Za-z0-9!%+,./:=?@_~-]{0,180})?$/;
/** Options that Regent sets for the systems that it boots: another value would break them. */
const OURS = /^(?:regent\..*|BOOTIF|cloud-config-url|initrd)$/i;

/** Parses options of the kernel as an operator writes them: single blanks between them. Empty: none. */
export function parseKernelOptions(text: string, field: string, most = KERNEL_OPTIONS_MAX): string | Rejected {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text))
    return invalid(field, 'it has a line break or another control character', KERNEL_OPTIONS_RULE);
  const options = optionsOf(text);
  const canonical = options.join(' ');
  if (canonical.length > most) return invalid(field, `it has ${canonical.length} characters`, `at most ${most}`);
  for (const option of options) {
    if (!OPTION.test(option)) return invalid(field, `${show(option)} is not usable`, KERNEL_OPTIONS_RULE);
    const [name = ''] = option.split('=');
    if (OURS.test(name))
      return invalid(
        field,
        `${show(name)} is set by Regent itself`,
        'none of regent.*, BOOTIF, cloud-config-url, initrd',
      );
  }
  return canonical;
}

/** Options one by one. Pure. */
export const optionsOf = (text: string): string[] => text.split(' ').filter((option) => option !== '');
