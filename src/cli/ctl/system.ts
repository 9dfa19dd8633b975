import { defineCommand } from '../command.js';
import { field, list, plain } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

const NOT_READY_EXIT = 4;

export const health = defineCommand({
  examples: [['$0', 'exit 0 when the daemon answers and its data path moves, 4 when it does not move, 5 when nobody answers']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    const result = await callAndShow({
      method: 'health', params: {},
      render: (answer, style) => (field(answer, 'ready') === false ? style.bad('✗ the daemon answers, but its data path does not move\n') : style.good('✓ healthy\n')),
    }, args, io);
    return field(result, 'ready') === false ? NOT_READY_EXIT : 0;
  },
});

export const reload = defineCommand({
  examples: [['$0', 'reads the configuration again; exit 3, and the old one stays, when it is bad']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({
      method: 'reload', params: {},
      render: (answer, style) => [
        style.good('✓ the configuration was reloaded\n'),
        ...(field(answer, 'restart_required') === true ? [`${style.warn('!')} a restart is required for some of it\n`] : []),
        ...list(field(answer, 'warnings')).map((warning) => `${style.warn('!')} ${plain(warning)}\n`),
      ].join(''),
    }, args, io);
    return 0;
  },
});
