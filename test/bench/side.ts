import { fork } from 'node:child_process';

/** Runs a program in a process of its own with the options of this one; what it answers. Rejects when it ends without. */
export function inProcess<T>(file: string, args: readonly string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(file, args);
    child.on('error', reject);
    child.on('exit', (code) => { reject(new Error(`${args[0] ?? file} ended with code ${code} and no result`)); });
    child.once('message', (result) => {
      resolve(result as T);
      child.disconnect();
    });
  });
}

/** In such a process: its answer, and its end when that is fetched. */
export function answer(result: Promise<unknown>): void {
  process.channel?.ref();
  process.once('disconnect', () => { process.exit(); });
  void result.then((value) => process.send?.(value));
}
