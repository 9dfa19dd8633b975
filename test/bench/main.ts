/** `npm run bench -- scan|spool|delivery|start …`: ratios measured side by side in one run. */
const BENCHES: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  scan: () => import('./scan.js'),
  spool: () => import('./spool.js'),
  delivery: () => import('./delivery.js'),
  start: () => import('./start.js'),
};

const asked = process.argv.slice(2);
const names = asked.length === 0 ? Object.keys(BENCHES) : asked;
for (const name of names) {
  const load = BENCHES[name];
  if (load === undefined) {
    process.stderr.write(`There is no bench of that name; there are: ${Object.keys(BENCHES).join(', ')}.\n`);
    process.exit(2);
  }
  process.stdout.write(`\n== ${name}\n`);
  const bench = await load();
  await bench.run();
}
process.exit(0);
