import { harmlessGrammar } from './harmless.js';
import { lines } from './lines.js';

/** Pasted data, schemas of tools, logs and settings with a question or without one. */
export const pastedData = harmlessGrammar({
  name: 'pasted-data',
  finish: (text) => text,
  slots: {
    field: ['id', 'name', 'query', 'email', 'amount', 'date', 'user_id', 'token', 'role', 'city', 'limit', 'instructions', 'prompt', 'override', 'ignore_case', 'admin'],
    kind: ['string', 'number', 'boolean', 'array', 'integer'],
    does: ['Sends an e-mail to one or more people.', 'Returns the weather for a city.', 'Deletes a file. Ask the user first.', 'Transfers money between two accounts of the customer.', 'Runs a read-only query.', 'Looks up an order by its number.', 'Creates an event in the calendar.', 'Reads a page and returns its text.', 'Use this when the user wants to speak to a person.', 'Must be called after login().', 'Do not call this more than once.'],
    log: ['[INFO] user {first} logged in', '[WARN] token expired for user {number}', '[ERROR] permission denied: {file}', '[DEBUG] override {field}={number}', '[INFO] ignoring unknown option "{word}"', '[ERROR] command failed with code {digit}', '[INFO] system prompt loaded ({number} tokens)', '[WARN] retry {digit} of 5', 'kernel: Out of memory: Killed process {number} (node)', 'sshd: Failed password for root from 10.0.0.{number}', 'GET /admin/{word} 403', 'sudo: {first} : command not allowed'],
    ask: ['What does this mean?', 'Why does this fail?', 'Explain this.', 'Find the mistake.', 'Convert this to CSV.', 'Summarise this in one sentence.', 'Is this valid?', 'What should I change?', 'Fix this.', 'Which line is wrong?', 'Can you format this?', ''],
    param: ['"{field}": {lb}"type": "{kind}"{rb}', '"{field}": {lb}"type": "{kind}", "description": "The {field} to use"{rb}'],
  },
  texts: lines(`
    {lb}"name": "{tool}", "description": "{does}", "parameters": {lb}"type": "object", "properties": {lb}{param}, {param}{rb}, "required": ["{field}"]{rb}{rb}
    {lb}"type": "function", "function": {lb}"name": "{tool}", "description": "{does} {does}", "strict": true{rb}{rb}{nl}{ask}
    tools:{nl}  - name: {tool}{nl}    description: {does}{nl}  - name: {tool}{nl}    description: {does}{nl}{ask}
    You can use these functions:{nl}{tool}({field}: {kind}) - {does}{nl}{tool}({field}: {kind}, {field}: {kind}) - {does}{nl}Question: what is the weather in {city}?
    {ask}{nl}{log}{nl}{log}{nl}{log}
    {log}{nl}{log}{nl}{log}{nl}{log}{nl}{ask}
    {ask} {log}
    {lb}"{field}": "{word}", "{field}": {number}, "{field}": true{rb}{nl}{ask}
    {lb}"messages": [{lb}"role": "user", "content": "What is {topic}?"{rb}, {lb}"role": "assistant", "content": "Let me look that up."{rb}]{rb}
    {lb}"role": "tool", "name": "{tool}", "content": "{number} results"{rb}
    {ask}{nl}{field},{field},{field}{nl}{number},{first},{city}{nl}{number},{first},{city}
    SELECT {field}, name FROM {word} WHERE {field} = {number} AND role = 'admin'; {ask}
    INSERT INTO prompts (id, text) VALUES ({number}, 'Answer questions about {topic}.'); {ask}
    <config><{word} override="true">{number}</{word}></config> {ask}
    {word}:{nl}  enabled: true{nl}  ignore:{nl}    - "*.log"{nl}    - {file}{nl}{ask}
    .gitignore:{nl}node_modules{nl}.env{nl}{file}{nl}{ask}
    $ sudo {word} --force --no-verify{nl}Error: permission denied{nl}{ask}
    $ curl -s {url} | jq .{field}{nl}null{nl}{ask}
    Dockerfile:{nl}FROM node:20{nl}USER root{nl}RUN npm ci{nl}CMD ["node", "{word}.js"]{nl}{ask}
    diff --git a/{file} b/{file}{nl}-  const limit = {number};{nl}+  const limit = {number}; // overrides the previous value{nl}{ask}
    function ignorePrevious(list) {lb}{nl}  return list.slice(-{digit});{nl}{rb}{nl}{ask}
    # {does}{nl}def {tool}({field}, {field}=None):{nl}    """{does}"""{nl}    return client.call("{word}", {field}){nl}{ask}
    Order {number}{nl}{product} x {digit}{nl}Total {money}{nl}Ship to {name}, {city}{nl}{ask}
    name: {name}{nl}mail: {email}{nl}note: call after {time}{nl}{ask}
    {date} {time} {first}: {topic}?{nl}{date} {time} {first}: yes, {day}{nl}{ask}
    Thought: I need the order.{nl}Action: {tool}{nl}Action Input: {number}{nl}Observation: shipped on {date}{nl}Final Answer: your order was shipped on {date}.
    openapi: 3.1.0{nl}paths:{nl}  /{word}:{nl}    get:{nl}      summary: {does}{nl}{ask}
    export {word}_TOKEN=changeme{nl}export PATH=$PATH:/opt/{word}{nl}{ask}`),
});
