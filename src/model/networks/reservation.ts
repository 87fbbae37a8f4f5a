/**
 * A reserved address. With a MAC it is a static lease: DHCP gives it only to that interface. Without one Regent leaves
 * it alone: it is never given out. `hostname`: name in DNS and DHCP for an interface that belongs to no machine.
 */
export interface Reservation {
  readonly id: number;
  readonly subnetId: number;
  readonly address: string;
  readonly mac: string | null;
  readonly hostname: string | null;
  readonly comment: string;
  /** More DHCP options for the interface. */
  readonly dhcpOptions: readonly string[];
}
