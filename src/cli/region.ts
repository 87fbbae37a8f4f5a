/** The region as commands see it. */
export interface Region {
  readonly url: string;
}
