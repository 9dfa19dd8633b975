import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import type { Test } from 'tap';
import { makeSite, startDaemonProcess } from '../fixtures/daemon.js';
import type { Project } from '../fixtures/readme.js';
import { makeProject, readmeBlocks } from '../fixtures/readme.js';

/** The README's "From other languages", each as written but for the place of the socket. */

const run = promisify(execFile);

async function withDaemon(t: Test, language: string): Promise<{ program: string; project: Project; kill(): Promise<unknown> }> {
  const site = makeSite();
  site.writeConfig({
    edition: 'enterprise', spool: { min_free_bytes: 0 },
    mssps: [{ id: 'mssp_yourcompany', name: 'Your company', webhook: { url: 'http://127.0.0.1:9/', secret: 'never-used-by-this-test' }, customers: [{ id: 'cust_acme', name: 'Acme' }] }],
  });
  const daemon = await startDaemonProcess(site);
  const project = makeProject();
  t.teardown(async () => { await daemon.kill('SIGKILL'); site.remove(); project.remove(); });
  const [block = ''] = readmeBlocks('From other languages', language);
  return { program: block.replaceAll('/run/raxed/scan.sock', site.scanSocket), project, kill: () => daemon.kill('SIGKILL') };
}

function missing(command: string, ...args: readonly string[]): string | false {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `${command} is not installed here`;
  }
}

t.test('curl', { skip: missing('curl', '--version') }, async (t) => {
  const { program } = await withDaemon(t, 'sh');
  const { stdout } = await run('sh', ['-e', '-c', program]);
  const [verdict = '', document = ''] = stdout.split(/(?<=\})(?=\{"openapi")/);
  t.match(JSON.parse(verdict), { threat_detected: true, delivery: 'spooled' });
  t.match(JSON.parse(document), { openapi: /^3\.1\./, paths: { '/v1/scan': {} } });
});

t.test('Python, and what it raises for a bad request and without a daemon', { skip: missing('python3', '--version') }, async (t) => {
  const { program, project, kill } = await withDaemon(t, 'python');
  const python = async (text: string): Promise<string> => (await run('python3', [project.write('app.py', text)])).stdout;
  t.match(await python(program), /^(critical|high) [a-z]+-\w+\n$/);
  t.match(await python(`${program}
for request in ({"prompt": 5}, {"prompt": "x", "dry_run": True}):
    try:
        print(raxed.scan(**request)["threat_detected"])
    except ValueError as error:
        print(error)
`), /BAD_REQUEST: \/prompt.*\nFalse\n$/, 'and one object makes many calls');
  await kill();
  t.match(await python(program).catch((error: unknown) => error), { stderr: /ConnectionRefusedError|FileNotFoundError/ });
});

t.test('Go', { skip: missing('go', 'version') }, async (t) => {
  const { program, project } = await withDaemon(t, 'go');
  const { stdout } = await run('go', ['run', project.write('main.go', program)]);
  t.match(stdout, /^(critical|high) [a-z]+-\w+\n$/);
});
