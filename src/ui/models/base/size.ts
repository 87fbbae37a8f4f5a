/** Bytes in the units of their labels: disks `512 GB`, `1.8 TB`; memory, in units of 1024, `64 GiB`. */
export function sizeText(bytes: number | undefined, base: 1000 | 1024 = 1000): string {
  if (bytes === undefined) return '';
  const units = base === 1000 ? ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(base))));
  const value = bytes / base ** power;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
