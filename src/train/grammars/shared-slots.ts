import type { Slots } from '../grammar.js';
import { lines } from './lines.js';

/** People, places, things and figures: used by attacks and harmless twins alike, so that none of them gives a label away. */
export const SHARED_SLOTS: Slots = {
  nl: ['\n'],
  tick: ['`'],
  first: 'Anna Ben Carlos Dana Emre Fatima George Hana Ivan Julia Kofi Lena Marco Nadia Oscar Priya Quentin Rosa Samir Tara Uma Viktor Wei Yara Zoe Liam Noah Ingrid Tomasz Mehmet'.split(' '),
  last: 'Abbott Becker Castillo Duarte Evans Fischer Gupta Hansen Ibrahim Jansen Kowalski Lindgren Moreau Nakamura Okafor Petrov Quinn Rossi Schmidt Tanaka Ueda Vargas Walker Xu Young Zimmer'.split(' '),
  name: ['{first} {last}', '{first} {last}', 'Dr {last}', 'Ms {last}', 'Mr {last}'],
  word: 'northwind bluepeak quartz harbor maple lumen orchard falcon cedar granite ember tundra delta solstice atlas juniper'.split(' '),
  company: ['{word} Logistics', '{word} Bank', 'Acme {word}', '{word} Health', '{word} Software GmbH', 'Hotel {word}', '{word} & Sons', '{word} Energy Ltd', '{word} Media', '{word} Insurance'],
  domain: ['{word}.com', '{word}.io', '{word}-mail.net', 'mail.{word}.org', '{word}{digit}.co', 'example.com', 'corp.{word}.eu', '{word}-support.info'],
  email: ['{first}.{last}@{domain}', '{first}@{domain}', 'office@{domain}', 'billing@{domain}', 'info{digit}@{domain}', 'support@{domain}', '{word}{number}@{domain}'],
  path: ['login', 'verify', 'docs/start', 'account/reset', 'p/{number}', 'survey', 'download', 'collect', 'img/{word}.png', 'offers', 'v1/items', 'help', 'track?id={number}', 'r/{word}', 'jobs/{number}'],
  url: ['https://{domain}/{path}', 'http://{domain}/{path}', 'https://www.{domain}/{path}', 'www.{domain}/{path}', 'https://{word}.{domain}/{path}'],
  digit: '1 2 3 4 5 6 7 8 9'.split(' '),
  number: ['{digit}{digit}', '{digit}{digit}{digit}', '{digit}{digit}{digit}{digit}', '{digit}0', '{digit}00'],
  money: ['${number}', '{number} EUR', '€{number}', '{number} dollars', 'USD {number}.00', '£{number}'],
  iban: ['DE{digit}{digit}10010000{digit}{digit}{digit}{digit}{digit}{digit}', 'GB{digit}{digit}WEST{digit}{digit}{digit}{digit}{digit}{digit}', 'CH{digit}{digit}0076200{digit}{digit}{digit}{digit}', 'account {digit}{digit}{digit}{digit}-{digit}{digit}{digit}'],
  day: 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday tomorrow'.split(' '),
  month: 'January February March April May June July August September October November December'.split(' '),
  date: ['{digit} {month}', '{month} 1{digit}', '2024-0{digit}-1{digit}', '2025-0{digit}-2{digit}', '{day}, {digit} {month}', '1{digit}.0{digit}.2025'],
  time: ['{digit} pm', '1{digit}:30', '0{digit}:15', '{digit}:45 am', 'noon', '1{digit}:00'],
  city: 'Lisbon Berlin Toronto Nairobi Osaka Madrid Oslo Chicago Mumbai Lyon Kraków Istanbul Seoul Austin Dublin Vienna'.split(' '),
  product: ['{word} X{digit} headphones', 'the {word} blender', '{word} Pro laptop', 'the {word} mattress', '{word} running shoes', '{word} coffee maker', 'the {word} {number} camera', '{word} CRM', '{word} password manager', '{word} vacuum'],
  place: ['Hotel {word}', 'the {word} Inn', 'Riverside {word} Hotel', 'Café {word}', 'Trattoria {word}', 'the {word} Grill', '{word} Apartments', '{word} Backpackers Hostel'],
  file: ['report.pdf', 'invoice-{number}.pdf', 'notes.txt', 'budget_{number}.xlsx', 'contacts.csv', 'config.yaml', 'README.md', 'backup.sql', '.env', 'id_rsa', 'passwords.txt', 'main.py', 'payroll.xlsx', '{word}.docx'],
  tool: ['send_email', 'transfer_funds', 'delete_file', 'execute_command', 'post_message', 'read_file', 'http_get', 'create_event', 'update_record', 'run_sql', 'search_inbox', 'share_document', 'invite_user', 'get_webpage', 'schedule_payment', 'fetch_url', 'write_file', 'list_contacts'],
  topic: lines(`
    the weather
    your travel plans
    quarterly results
    the {word} project
    holiday rotas
    renewable energy
    the parking situation
    our new office in {city}
    pricing
    shipping times
    the warranty
    onboarding
    garden furniture
    the data migration
    flu season`),
  ai: lines(`
    AI assistant
    assistant
    AI
    language model
    LLM
    AI agent
    chatbot
    AI model
    AI system
    bot
    large language model
    virtual assistant
    automated agent
    agent
    ChatGPT
    Claude
    Gemini
    Copilot
    GPT model
    summarisation model
    email assistant
    AI tool`),
  ais: lines(`
    AI assistants
    AI models
    LLMs
    language models
    AI agents
    chatbots
    automated assistants
    any AI reading this
    any assistant processing this text
    AI systems
    AI crawlers and assistants
    automated agents
    LLM-based tools
    AI summarisers
    any model that reads this page
    bots and agents`),
  prior: ['previous', 'prior', 'above', 'earlier', 'preceding', 'all previous', 'any prior', 'all of the above', 'all earlier', 'the previous', 'your previous', 'your original', 'your initial', 'the user\'s'],
  instructions: ['instructions', 'instructions', 'directions', 'guidelines', 'prompts', 'orders', 'commands', 'rules', 'context', 'directives', 'tasks', 'requests', 'messages'],
  ignore: ['ignore', 'disregard', 'forget', 'discard', 'override', 'do not follow', 'stop following', 'set aside', 'drop', 'skip', 'pay no attention to', 'put aside', 'cancel'],
};
