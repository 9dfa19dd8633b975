/** Runs pieces of work one after the other, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as `work` does, once its turn has come; one that fails holds up no other. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all that was taken before has ended. */
  ended(): Promise<void> {
    return this.take(() => Promise.resolve());
  }
}
