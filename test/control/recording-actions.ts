/** One call of an action, its arguments as they came. */
export interface RecordedCall { readonly action: string; readonly args: readonly unknown[] }

/**
 * Actions of whatever names that do nothing but note their calls. Each answers `{}`; what it returns can also be called,
 * as what ends a subscription is.
 */
export function recordingActions(): { readonly actions: never; readonly calls: RecordedCall[] } {
  const calls: RecordedCall[] = [];
  const actions: object = new Proxy({}, {
    get: (_target, action) => (...args: unknown[]): unknown => {
      calls.push({ action: String(action), args });
      return Object.assign(() => undefined, { then: (resolve: (result: object) => void) => { resolve({}); } });
    },
  });
  // It has every action, so it fits every interface.
  return { actions: actions as never, calls };
}
