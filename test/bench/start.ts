import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { makeSite, post, raxedBin, startDaemonProcess } from '../fixtures/daemon.js';

/** Start to ready, `ctl status`, and resident memory, each against a bare node in the same run. */
const RUNS = 15;
const SETTLE_MS = 5000;

export async function run(): Promise<void> {
  const site = makeSite();
  site.writeConfig({
    agent: { id: 'agent_bench', mssp_id: 'mssp_bench', customer_id: 'cust_bench' },
    mssps: [{ id: 'mssp_bench', webhook: { url: 'http://127.0.0.1:9/', secret: 'bench' }, customers: [{ id: 'cust_bench' }] }],
  });
  try {
    const bare: number[] = [];
    const ready: number[] = [];
    const status: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      bare.push(timed(() => spawnSync(process.execPath, ['-e', ''])));
      ready.push(await startToReady(site.configFile, site.controlSocket));
    }
    const daemon = await startDaemonProcess(site);
    for (let i = 0; i < RUNS; i++) {
      bare.push(timed(() => spawnSync(process.execPath, ['-e', ''])));
      status.push(timed(() => {
        const done = spawnSync(process.execPath, [raxedBin, 'ctl', 'status', '--socket', site.controlSocket]);
        if (done.status !== 0) throw new Error(done.stderr.toString());
      }));
    }
    const bareNode = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)']);
    await new Promise((wake) => setTimeout(wake, SETTLE_MS));
    const bareMb = residentMb(bareNode.pid ?? 0);
    const idleMb = residentMb(daemon.child.pid ?? 0);
    bareNode.kill();
    await daemon.kill('SIGTERM');

    const base = median(bare);
    line('bare node -e ""', `${base.toFixed(0)} ms, ${bareMb.toFixed(0)} MB resident`);
    line('daemon start to ready', `${median(ready).toFixed(0)} ms`, median(ready) / base);
    line('ctl status, whole process', `${median(status).toFixed(0)} ms`, median(status) / base);
    line('daemon resident when idle', `${idleMb.toFixed(0)} MB`, idleMb / bareMb);
  } finally {
    site.remove();
  }
}

async function startToReady(configFile: string, socket: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [raxedBin, 'run', '--config', configFile], { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (;;) {
    const reply = await post(socket, '/v1/version', {}, 1000).catch(() => undefined);
    if (reply?.status === 200) break;
    await new Promise((wake) => setTimeout(wake, 2));
  }
  const took = performance.now() - began;
  child.kill('SIGTERM');
  await exited;
  return took;
}

function timed(action: () => unknown): number {
  const began = performance.now();
  action();
  return performance.now() - began;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function line(what: string, value: string, ratio?: number): void {
  process.stdout.write(`${what.padEnd(28)} ${value.padEnd(28)}${ratio === undefined ? '' : ` ${ratio.toFixed(2)} x bare node`}\n`);
}
