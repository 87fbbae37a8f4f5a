import { answerLines } from '../child/lines.ts';
import { type DnsAnswer, type DnsQuestion, askDns } from './ask.ts';

/* A DNS client as a program, to be run in a network namespace: questions and answers are lines (`startDnsAsker`). */
answerLines<DnsQuestion, DnsAnswer>(askDns);
