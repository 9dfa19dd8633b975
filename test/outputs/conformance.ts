import { X509Certificate } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import type { Test } from 'tap';
import { encodeEvent, type FilteredEvent } from '../../src/event/privacy.js';
import { DeliveryError, type Output, type OutgoingEvent, type SiemOutput } from '../../src/outputs/output.js';
import type { TlsOptions } from '../../src/outputs/tls-files.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { sampleGap, sampleScan, sampleStatusChange, sampleTest } from '../fixtures/events.js';
import { closedPort, eventually, tcpReceiver } from '../fixtures/receivers.js';

/** How the suite gets at one kind of output and at a receiver that it can talk to. */
export interface OutputHarness {
  create(port: number, timeoutMs: number): Output;
  receiver(): Promise<{ readonly port: number; /** Ids of the events that arrived, in order. */ ids(): string[]; close(): Promise<void> }>;
  /** Words that no error message and no url of the output may contain. */
  readonly secrets: readonly string[];
}

/** The same for a SIEM, which can also be tried out. */
export interface SiemHarness extends OutputHarness {
  create(port: number, timeoutMs: number): SiemOutput;
  /** Absent where there is no TLS. */
  readonly overTls?: {
    create(port: number, tls: TlsOptions): SiemOutput;
    receiver(tls: Pick<ServerOptions, 'cert' | 'key'>): Promise<{ readonly port: number; close(): Promise<void> }>;
  };
}

export function outgoing(event: FilteredEvent): OutgoingEvent {
  return { event, body: encodeEvent(event) };
}

export function refusal(promise: Promise<unknown>): Promise<DeliveryError> {
  return promise.then(() => { throw new Error('it resolved'); }, (error: unknown) => {
    if (error instanceof DeliveryError) return error;
    throw error;
  });
}

/** What the delivery loop relies on in every output. */
export function conformsToOutput(t: Test, name: string, harness: OutputHarness): void {
  const never = new AbortController().signal;
  const events = (count: number): FilteredEvent[] => Array.from({ length: count }, (_, i) => sampleScan({ id: `evt_${String(i).padStart(26, '0')}` }));
  const batches = (output: Output, list: readonly FilteredEvent[]): OutgoingEvent[][] => {
    const size = Math.min(output.batchEvents, 50);
    return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size).map(outgoing));
  };

  void t.test(`${name} is an output`, async (t) => {
    await t.test('it says who it is, without a path or a credential', async (t) => {
      const output = harness.create(1, 1000);
      t.match(output.url, /^[a-z]+:\/\/[^/@?#]+$/);
      for (const secret of harness.secrets) t.notMatch(output.url, secret);
      t.ok(output.batchEvents >= 1 && output.batchBytes >= 1 && output.maxInFlight >= 1);
      await output.close();
      await output.close();
    });

    await t.test('a finished send has arrived, whole and in order, one after another and at once', async (t) => {
      const receiver = await harness.receiver();
      const output = harness.create(receiver.port, 10_000);
      const list = [...events(40), sampleTest(), sampleGap(), sampleStatusChange()];
      for (const batch of batches(output, list)) await output.send(batch, never);
      if (output.lossy) await eventually(() => receiver.ids().length >= list.length);
      t.same(receiver.ids(), list.map((event) => event.event_id));
      await Promise.all(batches(output, list).slice(0, output.maxInFlight).map((batch) => output.send(batch, never)));
      await output.close();
      await receiver.close();
    });

    await t.test('an aborted send is a DeliveryError', async (t) => {
      const receiver = await tcpReceiver((socket) => { socket.resume(); }, { allowHalfOpen: true });
      const output = harness.create(receiver.port, 60_000);
      t.equal((await refusal(output.send([outgoing(sampleScan())], AbortSignal.abort()))).kind, 'retry');
      if (!output.lossy) {
        const abort = new AbortController();
        const sending = refusal(output.send([outgoing(sampleScan())], abort.signal));
        await eventually(() => receiver.connections.open > 0);
        abort.abort();
        t.equal((await sending).kind, 'retry');
      }
      await output.close();
      await receiver.close();
    });

    if (harness.create(1, 1000).lossy) return;

    await t.test('nobody listening, a reset, silence: each is a DeliveryError that may heal', async (t) => {
      const dead = harness.create(await closedPort(), 5000);
      const refused = await refusal(dead.send([outgoing(sampleScan())], never));
      t.equal(refused.kind, 'retry');
      t.match(refused.message, /ECONNREFUSED/);

      const resetting = await tcpReceiver((socket) => { socket.resetAndDestroy(); });
      const reset = await refusal(harness.create(resetting.port, 5000).send([outgoing(sampleScan())], never));
      t.equal(reset.kind, 'retry');

      const silent = await tcpReceiver((socket) => { socket.resume(); }, { allowHalfOpen: true });
      const stalled = await refusal(harness.create(silent.port, 200).send([outgoing(sampleScan())], never));
      t.equal(stalled.kind, 'retry');
      t.match(stalled.message, /within 200 ms/);

      for (const error of [refused, reset, stalled]) for (const secret of harness.secrets) t.notMatch(error.message, secret);
      await resetting.close();
      await silent.close();
    });

    await t.test('after a failure the same output works again', async (t) => {
      const receiver = await harness.receiver();
      const output = harness.create(receiver.port, 10_000);
      await refusal(output.send([outgoing(sampleScan())], AbortSignal.abort()));
      await output.send([outgoing(sampleTest())], never);
      t.same(receiver.ids(), [sampleTest().event_id]);
      await output.close();
      await receiver.close();
    });
  });
}

/** What `siem test` and the library rely on in every SIEM's output, and what the loop does. */
export function conformsToSiem(t: Test, name: string, harness: SiemHarness): void {
  conformsToOutput(t, name, harness);
  const never = new AbortController().signal;
  const { overTls } = harness;

  void t.test(`${name} can be tried out`, async (t) => {
    await t.test('an event is shown as one line, and text only where the privacy filter left it', async (t) => {
      const output = harness.create(1, 1000);
      for (const event of [sampleScan(), sampleScan({ detections: [] }), sampleTest(), sampleGap(), sampleStatusChange()]) {
        const text = output.format(event);
        t.notMatch(text, /[\r\n]|Ignore all previous/);
        t.match(text, event.event_id);
        t.ok(text.isWellFormed());
        t.equal(output.format(event), text, 'the same each time');
      }
      await output.close();
    });

    await t.test('its health is told without an event, and says what was checked', async (t) => {
      const receiver = await harness.receiver();
      const output = harness.create(receiver.port, 10_000);
      const { checked } = await output.healthCheck(never);
      t.match(checked, /^[^\r\n]{20,}$/);
      t.same(receiver.ids(), []);
      t.equal(output.certificate(), undefined);
      t.equal((await refusal(output.healthCheck(AbortSignal.abort()))).kind, 'retry');
      await output.close();
      await receiver.close();
      if (output.lossy) return;
      const error = await refusal(harness.create(receiver.port, 5000).healthCheck(never));
      t.match(error, { kind: 'retry', message: /ECONNREFUSED/ });
    });

    await t.test('over TLS the certificate is told, whether it is trusted or not', { skip: overTls === undefined ? 'no TLS' : hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
      if (overTls === undefined) return;
      const { cert, key, caFile } = makeCertificates(t.testdir(), 'siem');
      const x509 = new X509Certificate(cert);
      const shown = { subject: 'CN=siem', issuer: 'CN=siem authority', validTo: new Date(x509.validTo).toISOString(), sha256: x509.fingerprint256 };
      const receiver = await overTls.receiver({ cert, key });
      const output = overTls.create(receiver.port, { caFile });
      t.equal(output.certificate(), undefined, 'none was shown yet');
      await output.healthCheck(never);
      t.same(output.certificate(), shown);
      const stranger = overTls.create(receiver.port, {});
      t.match(await refusal(stranger.healthCheck(never)), { kind: 'retry', message: /authority/ });
      t.same(stranger.certificate(), shown, 'the one that is not trusted');
      await Promise.all([output.close(), stranger.close()]);
      await receiver.close();
    });
  });
}
