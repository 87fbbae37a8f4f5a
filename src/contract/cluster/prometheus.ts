import type { MetricFamily } from './service.ts';

/** Media type of Prometheus' text format, version 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Media type of OpenMetrics 1.0. */
export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

type Sample = MetricFamily['samples'][number];

/** Families of metrics as Prometheus reads them (exposition formats, "text-based format"). Pure. */
export function prometheusText(families: readonly MetricFamily[]): string {
  return families
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${escaped(help, /[\\\n]/g)}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => lineOf(name, sample)),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

const UNITS = ['seconds', 'bytes', 'ratio'] as const;

/**
 * The same as OpenMetrics 1.0 has it: a counter's family is named without its suffix, a unit is the last part of the family's name, and the text has an end. Pure.
 */
export function openMetricsText(families: readonly MetricFamily[]): string {
  const lines = families.flatMap(({ name, help, type, samples }) => {
    const family = type === 'counter' ? name.replace(/_total$/, '') : name;
    const unit = UNITS.find((one) => family.endsWith(`_${one}`));
    return [
      `# TYPE ${family} ${type}`,
      ...(unit === undefined ? [] : [`# UNIT ${family} ${unit}`]),
      `# HELP ${family} ${escaped(help, /[\\\n"]/g)}`,
      ...samples.map((sample) => lineOf(type === 'counter' ? `${family}_total` : family, sample)),
    ];
  });
  return [...lines, '# EOF', ''].join('\n');
}

/** The media type of metrics that a call prefers. `accept`: its header. Pure. */
export function metricsType(accept: string): string {
  const weights = accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.flatMap((text) => /^q=([\d.]+)$/.exec(text)?.[1] ?? [])[0];
    return { type, weight: weight === undefined ? 1 : Number(weight) };
  });
  const weightOf = (type: string) => weights.find((one) => one.type === type)?.weight ?? 0;
  const open = weightOf('application/openmetrics-text');
  return open > 0 && open >= weightOf('text/plain') ? OPENMETRICS_TYPE : PROMETHEUS_TYPE;
}

function lineOf(name: string, { suffix, labels, value }: Sample): string {
  return `${name}${suffix ?? ''}${labelsText(labels)} ${value}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, /[\\\n"]/g)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string, letters: RegExp): string {
  return text.replace(letters, (letter) => (letter === '\n' ? '\\n' : `\\${letter}`));
}
