import { conforms } from '../kit/power/conformance.ts';

conforms('webhook');
