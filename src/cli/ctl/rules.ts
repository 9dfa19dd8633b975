import { defineCommand } from '../command.js';
import { field, list, plain, table } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

export const rulesList = defineCommand({
  examples: [['$0', 'the rules that the daemon scans with']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({
      method: 'rules.list', params: {},
      render(answer, style) {
        const rows = list(field(answer, 'rules')).map((rule) => ['id', 'family', 'severity', 'confidence', 'name'].map((key) => plain(field(rule, key))));
        return `${table(['ID', 'FAMILY', 'SEVERITY', 'CONFIDENCE', 'NAME'], rows, style)}\n${rows.length} rules, engine ${plain(field(answer, 'engine'))}\n`;
      },
    }, args, io);
    return 0;
  },
});
