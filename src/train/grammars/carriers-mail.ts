import type { Carrier } from './carrier.js';
import { lines } from './lines.js';

const SMALL_TALK = lines(`
  I hope you had a good weekend.
  Thanks for the quick answer on {topic}.
  As discussed, we will meet on {day} at {time}.
  The invoice of {month} is attached.
  {first} from {company} asked whether we can move the call to {day}.
  We have looked at {topic} and are happy with it so far.
  Could you let me know which date suits you?
  The total comes to {money}, payable within 30 days.
  Our team in {city} will take over from next week.
  Please find the agenda below.
  The delivery is expected on {date}.
  I talked to {name} and she agrees.
  Your order {number} has been shipped.
  The booking reference is {word}{number}.
  Let me know if anything is unclear.
  It was great to see everyone in {city}.
  We are still waiting for the signed contract.
  The draft of the report is in the shared folder.
  Sorry for the late reply, it was a busy week.
  Two people from {company} will join us.`);

const CHAT = lines(`
  {first}: morning all
  {first}: did anyone look at the {word} ticket?
  {first}: lunch at {time}?
  {first}: the build is green again
  {first}: I pushed the fix, please have a look
  {first}: can you send me the slides?
  {first}: ok thanks!
  {first}: I am off on {day}
  {first}: that number looks wrong to me
  {first}: meeting moved to {time}
  {first}: who has the key for the {city} office
  {first}: customer {company} called again about {topic}
  {first}: haha yes
  {first}: I'll ask {first}`);

/** E-mails, invitations, chats and other messages between people. */
export const MAIL_CARRIERS: readonly Carrier[] = [
  {
    name: 'e-mail', form: 'prose', sentences: SMALL_TALK,
    templates: [
      'From: {name} <{email}>\nTo: {email}\nSubject: {subject}\nDate: {date}\n\nHi {first},\n\n{body}\n\n{bye},\n{first}',
      'Subject: {subject}\n\n{body}\n\n{bye}\n{name}\n{company}',
      'Dear {name},\n\n{body}\n\n{bye},\n{name}',
      'Hi {first},\n{body}\n{bye},\n{first}',
      '-----Original Message-----\nFrom: {email}\nSent: {date} {time}\nSubject: RE: {subject}\n\n{body}\n\n> {s}\n> {s}',
      'From: {email}\nSubject: {note}\n\n{s} {s}\n\n{first}',
      '{body}\n\nSent from my phone',
      '{s} {s}\n\n--\n{name}\n{company}\n{note}',
      'EMAIL {digit}\nsender: {email}\nreceived: {date}\nbody: {body}',
    ],
    slots: {
      subject: ['{topic}', 'Re: {topic}', 'Invoice {number}', 'Meeting on {day}', 'Your order {number}', 'FW: {topic}', 'Trip to {city}', 'Quick question', 'Update on {word}', 'Welcome to {company}'],
      bye: ['Best', 'Best regards', 'Kind regards', 'Thanks', 'Cheers', 'Many thanks', 'Sincerely'],
    },
  },
  {
    name: 'chat', form: 'line', sentences: CHAT,
    templates: [
      '{s}\n{s}\n{first}: {note}\n{s}',
      '{first}: {note}\n{s}\n{s}\n{s}',
      '[{time}] {s}\n[{time}] {s}\n[{time}] {first}: {note}',
      '#{word} channel\n{s}\n{s}\n{first} (guest): {note}\n{s}\n{s}',
      '{first} {time}\n{note}\n{first} {time}\nthanks, will do\n{first} {time}\nsee you on {day}',
      '<{word}_{digit}> {note}\n<{word}> lol\n<{word}_{number}> {topic} anyone?',
    ],
  },
  {
    name: 'invitation', form: 'line', sentences: lines(`
      Agenda: {topic}, any other business.
      Please join five minutes early.
      Dial-in: {number} {number}.
      We will go through the numbers of {month}.
      Location: room {number}, {city}.
      Organised by {name}.
      {first} presents the {word} roadmap.`),
    templates: [
      'BEGIN:VEVENT\nSUMMARY:{topic}\nLOCATION:{city}\nDESCRIPTION:{body}\nORGANIZER:mailto:{email}\nEND:VEVENT',
      'Event: {word} sync\nWhen: {date}, {time}\nWhere: {city}\nDescription: {body}\nParticipants: {email}, {email}',
      'title: {note}\nstart: {date} {time}\nparticipants:\n  - {email}\n  - {email}\nlocation: {place}',
      '- {time} Stand-up\n- {time} {topic} ({note})\n- {time} Call with {company}',
      '{first} invited you to "{topic}" on {date} at {time}.\n\nNotes: {body}',
    ],
  },
  {
    name: 'ticket', form: 'prose', sentences: lines(`
      The app closes when I open the settings.
      I have been a customer since 201{digit}.
      Order {number} arrived with a broken lid.
      I tried to restart it twice, without success.
      The error says code {number}.
      I was charged {money} twice.
      It started after the update on {date}.
      My colleague {first} has the same problem.
      Please get back to me at {email}.
      I would like my money back.
      The chat told me to open a ticket.`),
    templates: [
      'Ticket #{number}\nStatus: open\nPriority: {low|normal|high}\nCustomer: {name} ({email})\n\n{body}',
      'Customer: {body}\n\nAgent {first}: Thanks for reaching out, we look into it.\n\nCustomer: {s}',
      '[{word}-{number}] {topic}\nReporter: {name}\nDescription:\n{body}\n\nComment by {first}: {s}',
      'Complaint form\nName: {name}\nProduct: {product}\nYour message: {body}',
      'Feedback {number}: {note}',
      '{s} {s} {note}',
    ],
  },
];
