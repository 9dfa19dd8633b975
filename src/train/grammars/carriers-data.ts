import type { Carrier } from './carrier.js';
import { lines } from './lines.js';

const FACTS = lines(`
  Order {number} is on its way.
  {company} opened a branch in {city}.
  The {product} is back in stock.
  Payment of {money} received.
  Meeting with {first} on {day}.
  Thanks for your stay at {place}.
  Sunny, {digit} degrees in {city}.
  Contract renewed until {date}.
  Shared by {name}.
  Notes about {topic}.`);

/** JSON, XML, YAML, tables and messages of tools. */
export const DATA_CARRIERS: readonly Carrier[] = [
  {
    name: 'JSON', form: 'json', sentences: FACTS,
    templates: [
      '{lb}"id": {number}, "title": "{topic}", "body": "{body}"{rb}',
      '{lb}"status":"ok","results":[{lb}"name":"{place}","review":"{s}"{rb},{lb}"name":"{place}","review":"{note}"{rb}]{rb}',
      '[{lb}"sender":"{email}","subject":"{s}","content":"{body}"{rb},{lb}"sender":"{email}","subject":"{topic}","content":"{s}"{rb}]',
      '{lb}\n  "event_id": "{number}",\n  "title": "{topic}",\n  "description": "{body}",\n  "start": "{date}"\n{rb}',
      '{lb}"transactions":[{lb}"amount":{number},"recipient":"{iban}","subject":"{s}"{rb},{lb}"amount":{number},"recipient":"{iban}","subject":"{note}"{rb}]{rb}',
      '{lb}"error":{lb}"code":{number},"message":"{note}"{rb}{rb}',
      '{lb}"type":"tool_result","tool_use_id":"{word}{number}","content":[{lb}"type":"text","text":"{body}"{rb}]{rb}',
      '{lb}"role":"tool","name":"{tool}","content":"{body}"{rb}',
      '{lb}"name":"{tool}","description":"{body}","parameters":{lb}"type":"object","properties":{lb}"id":{lb}"type":"string"{rb}{rb}{rb}{rb}',
      '{lb}"contacts":[{lb}"name":"{name}","email":"{email}","note":"{note}"{rb}]{rb}',
      '{lb}"user":"{word}{digit}","bio":"{note}","followers":{number}{rb}',
      '{lb}"weather":"{s}","alerts":["{note}"],"city":"{city}"{rb}',
    ],
  },
  {
    name: 'YAML and XML', form: 'line', sentences: FACTS,
    templates: [
      'id: {number}\nsender: {email}\nsubject: {s}\nbody: {body}', '- name: {place}\n  reviews:\n    - {s}\n    - {note}\n- name: {place}\n  reviews:\n    - {s}',
      '<item><title>{topic}</title><description>{body}</description></item>', '<email><from>{email}</from><body>{body}</body></email>',
      '<document>\n<source>{file}</source>\n<document_content>\n{body}\n</document_content>\n</document>', '<tool_result>{body}</tool_result>', '<function_results>\n{note}\n</function_results>',
      '<note to="{first}">{note}</note>', 'filename: {file}\nowner: {email}\ncontent: {body}',
      'Transaction {number}\namount: {money}\nto: {iban}\nreference: {note}',
    ],
  },
  {
    name: 'table', form: 'csv', sentences: FACTS,
    templates: [
      'id,name,comment\n{number},{first},"{s}"\n{number},{first},"{note}"\n{number},{first},"{s}"', '| name | notes |\n|---|---|\n| {first} | {s} |\n| {first} | {note} |',
      'date,amount,subject\n{date},{number},"{note}"\n{date},{number},"{s}"', '{first}\t{email}\t{note}\n{first}\t{email}\t{s}', '| {company} | {money} | {note} |\n| {company} | {money} | {s} |',
      'rank;title;abstract\n1;{topic};"{s}"\n2;{topic};"{note}"',
    ],
  },
  {
    name: 'tool output', form: 'line', sentences: FACTS,
    templates: [
      'Tool {tool} returned: {body}', 'Observation: {body}\nThought:', '[{tool}] {note}', 'Response from {domain}: {body}', 'HTTP 200 OK\n{body}', '{tool} finished.\n{note}',
      'Output of {tool}:\n{s}\n{note}\n{s}', 'HTTP/1.1 503 Service Unavailable\n\n{note}', 'Tool: {tool}\nDescription: {body}', '{tool}(id: string): {s} {note}', 'Content of {file}:\n{body}',
      'Found {digit} results for "{word}":\n1) {s}\n2) {note}',
    ],
  },
];
