import { parseArgs } from 'node:util';

interface Bench {
  run(options: { readonly events: number | undefined; readonly data: string | undefined; readonly node: string | undefined; readonly program: string | undefined; readonly quick: boolean | undefined }): Promise<void>;
}

/** `npm run bench -- scan|peers|spool|backlog|delivery|drain|isolation|outputs|client|start|resident|metrics … [--events N] [--data DIR] [--node PATH] [--program FILE] [--quick]`: ratios measured side by side in one run. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  scan: () => import('./scan.js'),
  peers: () => import('./peers.js'),
  spool: () => import('./spool.js'),
  backlog: () => import('./backlog.js'),
  delivery: () => import('./delivery.js'),
  drain: () => import('./drain.js'),
  isolation: () => import('./isolation.js'),
  outputs: () => import('./outputs.js'),
  client: () => import('./client.js'),
  start: () => import('./start.js'),
  resident: () => import('./resident.js'),
  metrics: () => import('./metrics.js'),
};

const { positionals: asked, values } = parseArgs({ allowPositionals: true, options: { events: { type: 'string' }, data: { type: 'string' }, node: { type: 'string' }, program: { type: 'string' }, quick: { type: 'boolean' } } });
const names = asked.length === 0 ? Object.keys(BENCHES).filter((name) => name !== 'peers' && name !== 'resident') : asked;
for (const name of names) {
  const load = BENCHES[name];
  if (load === undefined) {
    process.stderr.write(`There is no bench of that name; there are: ${Object.keys(BENCHES).join(', ')}.\n`);
    process.exit(2);
  }
  process.stdout.write(`\n== ${name}\n`);
  const bench = await load();
  await bench.run({ events: values.events === undefined ? undefined : Number(values.events), data: values.data, node: values.node, program: values.program, quick: values.quick });
}
process.exit(0);
