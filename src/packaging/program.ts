import { start } from '../cli/main.js';

/** The program of the package: `program.cjs`. */
void start();
