/** What a machine reports of its hardware, as far as definitions of tags examine it (`contract/machines/machine-inventory.ts` has all of it, and its bounds). */
export interface Hardware {
  readonly kernel?: string;
  readonly cpu?: {
    readonly count?: number;
    readonly cores?: number;
    readonly sockets?: number;
    readonly mhz?: number;
    readonly model?: string;
    readonly architecture?: string;
    readonly flags?: readonly string[];
  };
  readonly memory?: { readonly kb?: number };
  readonly disks?: readonly HardwareDisk[];
  readonly interfaces?: readonly HardwareCard[];
  readonly pci?: readonly PciDevice[];
  readonly usb?: readonly UsbDevice[];
  readonly virtual?: string;
  readonly firmware?: {
    readonly kind?: string;
    readonly vendor?: string;
    readonly version?: string;
    readonly date?: string;
    readonly secureBoot?: boolean;
  };
  readonly system?: {
    readonly uuid?: string;
    readonly serial?: string;
    readonly vendor?: string;
    readonly product?: string;
    readonly version?: string;
    readonly board?: string;
    readonly family?: string;
  };
}

export interface HardwareDisk {
  readonly name: string;
  readonly bytes?: number;
  readonly serial?: string;
  readonly model?: string;
  readonly firmware?: string;
  readonly bus?: string;
  readonly rotational?: boolean;
  readonly removable?: boolean;
  readonly blockBytes?: number;
}

export interface HardwareCard {
  readonly name: string;
  readonly mac: string;
  readonly link?: boolean;
  readonly speedMbps?: number;
  readonly driver?: string;
  readonly product?: string;
  readonly vendor?: string;
  readonly firmware?: string;
  readonly pci?: string;
  readonly lldp?: readonly {
    readonly chassis?: string;
    readonly port?: string;
    readonly portDescription?: string;
    readonly system?: string;
    readonly vlan?: number;
  }[];
}

export interface PciDevice {
  readonly address: string;
  readonly vendor?: string;
  readonly device?: string;
  readonly class?: string;
  readonly driver?: string;
  readonly name?: string;
}

export interface UsbDevice {
  readonly address: string;
  readonly vendor?: string;
  readonly product?: string;
  readonly name?: string;
}
