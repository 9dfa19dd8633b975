import type { Carrier } from './carrier.js';
import { lines } from './lines.js';

const REPORT = lines(`
  Revenue grew by {digit} percent to {money}.
  The board approved the budget on {date}.
  Action: {first} to contact {company} by {day}.
  The risk of delay is rated as medium.
  Attendees: {first}, {first}, {name}.
  Decision: we keep the office in {city}.
  Staff turnover fell slightly.
  The supplier delivers within {digit} weeks.
  Costs for {topic} were higher than planned.
  {name} gave an update on {topic}.
  The audit found no major issues.
  Next meeting on {date} at {time}.
  The survey reached {number} households.
  Figure {digit} shows the trend since 20{digit}{digit}.`);

/** Reports, notes, contracts, résumés, records. */
export const OFFICE_CARRIERS: readonly Carrier[] = [
  {
    name: 'report', form: 'prose', sentences: REPORT,
    templates: [
      '{body}', 'Minutes, {date}\n\n{body}', '1. Summary\n{body}\n\n2. Outlook\n{s}', 'CONFIDENTIAL - {company}\n{body}\nPage {digit}',
      '- {s}\n- {s}\n- {note}\n- {s}', '## Notes\n* {note}\n* {s}\n* {s}', '{s} {s}\n\nAppendix A: {note}', 'Footnote {digit}: {note}\n{s}',
      'TODO {date}\n[ ] {s}\n[ ] {note}\n[x] {s}', 'Abstract. {s} {body} Keywords: {word}, {word}.',
    ],
  },
  {
    name: 'résumé', form: 'prose', sentences: lines(`
      Led a team of {digit} engineers at {company}.
      MSc in statistics, University of {city}.
      Fluent in English and Spanish.
      Reduced costs by {number} percent.
      {digit} years of experience in customer service.
      Skills: SQL, Python, project planning.
      Organised events for up to {number} guests.
      Built the billing system of {company}.
      Volunteer at the {city} food bank.`),
    templates: [
      '{name}\n{city} | {email}\n\nExperience\n{body}\n\nEducation\n{s}', 'Curriculum vitae of {name}\n{body}', 'Dear hiring team,\n{body}\nRegards, {name}',
      '{name}, applicant for sales manager\n- {s}\n- {s}\n- {note}', 'Profile: {body}\nReferences on request.', '{s} {s}\n\n\n{note}',
    ],
  },
  {
    name: 'contract', form: 'prose', sentences: lines(`
      The tenant pays {money} on the first day of each month.
      This agreement is governed by the law of {city}.
      Either party may terminate with {number} days notice.
      The supplier shall keep the information confidential.
      Liability is limited to {money}.
      {company} ("the Client") engages {name} as consultant.
      Payment is due within {number} days of the invoice.`),
    templates: [
      '§{digit} {s}\n§{digit} {note}\n§{digit} {s}', '{digit}.1 {s}\n{digit}.2 {s}\n{digit}.3 {note}', 'AGREEMENT\n\n{body}\n\nSigned: {name}, {date}',
      'Invoice {number}\n{company}\nItem: {product}  {money}\nRemarks: {note}\nBank: {iban}', 'Terms of use\n{body}',
      'Receipt\n{date}\nTotal {money}\n{note}\nThank you for your visit',
    ],
  },
  {
    name: 'medical note', form: 'prose', sentences: lines(`
      Patient reports headache for {digit} days.
      Blood pressure 1{digit}0/80, pulse {number}.
      No known allergies.
      Ibuprofen {number} mg twice a day.
      Follow-up on {date}.
      Lungs clear, no oedema.
      The patient is a {number}-year-old teacher.`),
    templates: ['Progress note {date}\n{body}', 'S: {s}\nO: {s}\nA: {note}\nP: {s}', 'Discharge letter for {name}\n\n{body}\n\n{name}, ward {digit}', 'History: {body}'],
  },
  {
    name: 'listing', form: 'line', sentences: lines(`
      Two bedrooms, close to the station.
      Free wifi and breakfast included.
      From {money} per night.
      Open daily from {time}.
      The tour lasts {digit} hours.
      Sleeps {digit}, pets welcome.
      Cuisine: Italian, vegetarian options.
      Free cancellation until {date}.`),
    templates: [
      '{place}, {city}: {body}', 'name: {place}\nprice: {money}\nrating: {digit}.{digit}\ndescription: {body}', 'Flight {word}{number} {city}-{city} {time} {money}. {note}',
      '{product} - {money}\n{body}\nIn stock', 'Car hire {city}: {s} {note}', 'Job ad: {company} is looking for a clerk in {city}. {body}',
      'FAQ\nQ: What about {topic}?\nA: {body}',
    ],
  },
];
