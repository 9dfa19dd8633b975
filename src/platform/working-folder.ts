import { writeSync } from 'node:fs';

/** Imported before all else: a working folder that was deleted meanwhile ends no command, not even one that would not use it. */
try {
  process.cwd();
} catch {
  process.chdir('/');
  writeSync(2, 'raxed: the folder that this was started in does not exist any more; files are looked for from / on\n');
}
