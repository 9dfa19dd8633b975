import { spawn } from 'node:child_process';
import { makeSite, post, raxedBin, startDaemonProcess, type Installed, type Site } from '../fixtures/daemon.js';
import { bareEnv, compareCommands, median, timeOf } from './process-cost.js';

const RUNS = 15;

/** The daemon's start until it answers, and commands as whole processes, each against a bare node in the same run. */
export async function run({ node = process.execPath, program = raxedBin }: Installed = {}): Promise<void> {
  const site = makeSite();
  site.writeConfig({
    agent: { id: 'agent_bench', mssp_id: 'mssp_bench', customer_id: 'cust_bench' },
    mssps: [{ id: 'mssp_bench', webhook: { url: 'http://127.0.0.1:9/', secret: 'bench' }, customers: [{ id: 'cust_bench' }] }],
  });
  try {
    const bare: number[] = [];
    const ready: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      bare.push(timeOf(node, ['-e', '']));
      ready.push(await startToReady([node, program], site));
    }
    process.stdout.write(`${'daemon start to ready'.padEnd(34)} ${median(ready).toFixed(0)} ms   ${(median(ready) / median(bare)).toFixed(2)} × bare node\n`);
    const daemon = await startDaemonProcess(site, {}, { node, program });
    compareCommands({ node, program }, {
      'raxed --version': ['--version'],
      'raxed ctl status': ['ctl', 'status', '--socket', site.controlSocket],
      'raxed ctl --help': ['ctl', '--help'],
    });
    await daemon.kill('SIGTERM');
  } finally {
    site.remove();
  }
}

async function startToReady([node, program]: readonly [string, string], { configFile, controlSocket }: Site): Promise<number> {
  const began = performance.now();
  const child = spawn(node, [program, 'run', '--config', configFile], { stdio: 'ignore', env: bareEnv() });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (;;) {
    const reply = await post(controlSocket, '/v1/version', {}, 1000).catch(() => undefined);
    if (reply?.status === 200) break;
    await new Promise((wake) => setTimeout(wake, 2));
  }
  const took = performance.now() - began;
  child.kill('SIGTERM');
  await exited;
  return took;
}
