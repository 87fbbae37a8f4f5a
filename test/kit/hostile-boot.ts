const GOOD = 'uuid=564d1a2b-0000-4000-8000-525400aa0001&arch=x86_64&platform=efi';
const MAC = 'mac=52:54:00:aa:00:01';

/** What firmware, or somebody who plays firmware, may send instead of a good question. */
export const HOSTILE_QUERIES: readonly string[] = [
  '',
  'mac',
  `mac=ff:ff:ff:ff:ff:ff&${GOOD}`,
  `mac=01:00:5e:00:00:01&${GOOD}`,
  `mac=52:54:00:aa:00:01%0Apoweroff&${GOOD}`,
  `mac=52:54:00:aa:00&${GOOD}`,
  `${MAC}&${MAC}&${GOOD}`,
  `${MAC}&uuid=../../etc/passwd&arch=x86_64&platform=efi`,
  `${MAC}&uuid=564d1a2b-0000-4000-8000-525400aa0001'%3B%20halt&arch=x86_64&platform=efi`,
  `${MAC}&${GOOD}&serial=%24%7Bfilename%7D`,
  `${MAC}&${GOOD}&serial=a%20%7C%7C%20reboot`,
  `${MAC}&${GOOD}&serial=%00%1b%5B2J`,
  `${MAC}&${GOOD}&serial=%E2%80%AEevil`,
  `${MAC}&${GOOD}&serial=%ff%fe`,
  `${MAC}&${GOOD}&serial=%3Cscript%3Ealert(1)%3C/script%3E`,
  `${MAC}&${GOOD}&serial=${'S'.repeat(65)}`,
  `${MAC}&${GOOD}&serial=${'S'.repeat(5000)}`,
  `${MAC}&arch=riscv64&platform=efi`,
  `${MAC}&arch=i386&platform=efi`,
  `${MAC}&arch=arm64&platform=pcbios`,
  `${MAC}&arch=__proto__&platform=constructor`,
  `${MAC}&arch=x86_64&platform=toString`,
  `${MAC}&arch=x86_64`,
  `${MAC}&arch=x86_64&platform=efi&serial=Default%20string%20(%23%201)&later=1`,
];
