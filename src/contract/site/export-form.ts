/** The form of configuration files that this release reads and writes. */
export const FILE_FORM = 1;

/** Bytes of a set of configuration files, as YAML and as a request. */
export const FILES_MOST = 16 * 1024 * 1024;

/** An object of a file: its members by name. */
export type FileObject = Readonly<Record<string, unknown>>;

/** The content of configuration files: objects by the plural of their noun. */
export type SiteFile = { readonly regent?: number } & {
  readonly [plural: string]: readonly FileObject[] | number | undefined;
};
