import type { Finding } from './finding.js';
import { judgeOf } from './finding.js';

export interface ClockFacts {
  /** What timedatectl says; undefined where it cannot be asked. */
  readonly synchronized: boolean | undefined;
  /** By the Date header of each answer, positive where this machine is ahead. */
  readonly offsets: readonly { readonly destination: string; readonly seconds: number }[];
  readonly offline: boolean;
}

const { ok, warning, problem, notChecked } = judgeOf('clock');
const WARNING_SECONDS = 30;
const PROBLEM_SECONDS = 300;
const SET = 'Let the machine keep its time: `sudo timedatectl set-ntp true` (package systemd-timesyncd or chrony), and `timedatectl` to see it.';

export function judgeClock({ synchronized, offsets, offline }: ClockFacts): Finding[] {
  return [
    synchronized === undefined ? notChecked('synchronized', 'whether the clock is kept by NTP: timedatectl cannot be asked here')
      : synchronized ? ok('synchronized', 'the clock is kept by NTP') : warning('synchronized', 'the clock is not kept by NTP', SET),
    ...judgeOffsets(offsets, offline),
  ];
}

function judgeOffsets(offsets: ClockFacts['offsets'], offline: boolean): Finding[] {
  if (offsets.length === 0) return [notChecked('offset', `whether the clock agrees with the receivers': ${offline ? '--offline' : 'none said what time it is'}`)];
  const off = offsets.filter(({ seconds }) => Math.abs(seconds) > WARNING_SECONDS);
  if (off.length === 0) return [ok('offset', `the clock agrees with ${offsets.length === 1 ? 'that of the receiver' : `those of ${offsets.length} receivers`}`, { offsets })];
  return off.map(({ destination, seconds }) => {
    const says = `this clock is ${duration(Math.abs(seconds))} ${seconds > 0 ? 'ahead of' : 'behind'} that of ${destination}`;
    const data = { destination, seconds };
    return Math.abs(seconds) > PROBLEM_SECONDS
      ? problem('offset', `${says}: signatures are refused from five minutes on`, `${SET} If this clock is right, the receiver's is wrong: tell who runs it.`, data)
      : warning('offset', says, SET, data);
  });
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`;
}
