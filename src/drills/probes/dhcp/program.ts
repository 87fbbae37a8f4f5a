import { answerLines } from '../child/lines.ts';
import { openMachines, type Result, type Wish } from './machines.ts';

/* Machines' DHCP clients as a program, to be run in a network namespace: wishes and results are lines (`startDhcpAsker`). */
openMachines((machines) => answerLines<Wish, Result>((wish, done) => machines.grant(wish, done)));
