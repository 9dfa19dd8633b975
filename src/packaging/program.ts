import '../platform/working-folder.js';
import { start } from '../cli/main.js';

/** The program of the package: `program.cjs`, and without what does not ask the daemon `ctl.cjs`. */
void start();
