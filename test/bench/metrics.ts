import { Agent, request } from 'node:http';
import { makeSite, startDaemonProcess, type Installed } from '../fixtures/daemon.js';
import { cpuSeconds, median } from './process-cost.js';

const CUSTOMERS = 1000;
const DESTINATIONS_EACH = 2;
const CALLS = 50;

/** What a scrape and a status take of a daemon with 2,000 destinations: its time to answer, and its CPU. */
export async function run(installed: Installed = {}): Promise<void> {
  const site = makeSite();
  const token = 'a-token-of-this-bench-only';
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => ({
    id: `cust_${i}`, siem: [{ name: 'splunk', type: 'splunk', url: 'http://127.0.0.1:9/services/collector', token }],
  }));
  site.writeConfig({ edition: 'enterprise', mssps: [{ id: 'mssp_bench', webhook: { url: 'http://127.0.0.1:9/', secret: token }, customers }] });
  const daemon = await startDaemonProcess(site, {}, installed);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    process.stdout.write(`${(CUSTOMERS * DESTINATIONS_EACH).toLocaleString('en-US')} destinations, ${CALLS} calls each after as many that do not count; with what it takes to send the answer\n`);
    for (const [name, method, path] of [['/metrics', 'GET', '/metrics'], ['status', 'POST', '/v1/status']] as const) {
      const call = (): Promise<number> => bytesOf(agent, { socketPath: site.controlSocket, method, path });
      for (let i = 0; i < CALLS; i++) await call();
      const before = cpuSeconds(daemon.child.pid ?? 0).own;
      const tookMs: number[] = [];
      let bytes = 0;
      for (let i = 0; i < CALLS; i++) {
        const began = performance.now();
        bytes = await call();
        tookMs.push(performance.now() - began);
      }
      const cpuMs = (cpuSeconds(daemon.child.pid ?? 0).own - before) * 1000 / CALLS;
      process.stdout.write(`${name.padEnd(10)} ${median(tookMs).toFixed(1)} ms, ${cpuMs.toFixed(1)} ms of CPU, ${(bytes / 1024).toFixed(0)} KiB\n`);
    }
  } finally {
    agent.destroy();
    await daemon.kill('SIGTERM');
    site.remove();
  }
}

/** Of the answer. */
function bytesOf(agent: Agent, options: { readonly socketPath: string; readonly method: string; readonly path: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ ...options, agent, headers: options.method === 'POST' ? { 'content-type': 'application/json', 'content-length': 2 } : {} }, (response) => {
      let bytes = 0;
      response.on('error', reject).on('data', (chunk: Buffer) => { bytes += chunk.length; }).on('end', () => {
        if (response.statusCode === 200) resolve(bytes);
        else reject(new Error(`the daemon answered ${response.statusCode ?? 0}`));
      });
    }).on('error', reject).end(options.method === 'POST' ? '{}' : undefined);
  });
}
