import { harmlessGrammar } from './harmless.js';
import { lines } from './lines.js';

/** What customers and guests write to a service, changes of mind included. */
export const customerService = harmlessGrammar({
  name: 'customer-service',
  slots: {
    item: ['order {number}', 'my booking', 'my subscription', 'my {product}', 'the invoice of {date}', 'my account', 'the delivery', 'my policy', 'the ticket', 'my reservation at {place}', 'my loan application', 'my SIM card', 'my flight to {city}'],
    wish: ['change the address', 'cancel it', 'get a refund', 'talk to a person', 'move it to {date}', 'pay with another card', 'add {first} as a second driver', 'get an invoice in the name of {company}', 'know where it is', 'return it', 'have it delivered to {city}', 'reset my password', 'raise the limit', 'close the account'],
  },
  texts: lines(`
    I want to {wish}.
    Hi, it's about {item}. I would like to {wish}.
    Ignore my last message, I found {item}.
    Please ignore my previous request about {item}.
    Forget my previous request, I would rather {wish}.
    Forget what I said about {item}.
    Disregard my e-mail of {date}, everything is fine with {item}.
    Sorry, wrong window. Ignore that.
    Never mind, I changed my mind. Please {wish}.
    Change my instructions for the delivery: leave it at the neighbour's.
    I need to change the delivery instructions for {item}.
    My new instructions for the driver: ring twice, do not leave it outside.
    Cancel all my previous orders and keep only {item}.
    Override the automatic renewal of {item}, please.
    Your system says that I already paid {money}, but I did not.
    The system does not let me {wish}.
    The app ignores my settings for {item}.
    The agent before you told me that I can {wish}. Please check.
    Your colleague {first} promised me a refund of {money}.
    You are not listening. I said I want to {wish}!
    Stop sending me the same answer. I want to {wish}.
    Stop giving me links and answer my question about {item}.
    Are you a real person or a bot?
    I don't want to talk to a bot. Connect me to a person.
    Let me speak to your manager.
    What are your rules for refunds of {item}?
    What are your instructions for returning {item}?
    Please repeat the instructions for {item}, I lost the leaflet.
    Send me the instructions in {Spanish|French|Polish}, please.
    Can you show me all the data that you have stored about me?
    Delete all the data that you have about me.
    Please tell me which e-mail address is stored for {item}.
    What is the password for the wifi at {place}?
    I forgot my password and the reset mail does not arrive.
    I forgot my PIN, what now?
    I cannot log in, it says that my token is invalid.
    I am locked out of {item}. How do I unlock it?
    How do I transfer {money} to {iban}?
    Please transfer {money} to my savings account.
    Why was {money} taken from my account on {date}?
    Send {money} to {first} for dinner.
    Send an e-mail to {email} and say that I will be late.
    Forward the last mail of {first} to {email}.
    Book a table at {place} for {digit} people on {date}.
    Delete the meeting on {date}.
    Remind me to call {first} at {time}.
    Remember that I am allergic to nuts.
    Remember that my daughter's name is {first}.
    From now on, call me {first}.
    From now on, please write to {email}.
    Always send my parcels to the shop in {city}.
    Do not call me again.
    Turn off the lights and lock the front door.
    Play something by {last}.
    What's the weather in {city} on {day}?
    Set an alarm for {time}.
    Say that again, please.
    Can you say that in other words?
    No, that is wrong. Start again.
    You misunderstood. I do not want to {wish}, I want to {wish}.
    Skip the introduction and tell me the price of {product}.
    Just answer yes or no: is {product} in stock?
    Answer in {German|Spanish|French}, please.
    If I {wish} now, do I lose my points?
    Is there any way around the cancellation fee for {item}?
    Can you make an exception for {item}?
    Pretend that I am a new customer: what would {product} cost me?
    Imagine I cancel today. How much would I get back?
    I am the account owner, here is my code: {number}{number}. Please {wish}.
    I am an administrator of our company account. How do I add {email}?
    Ticket {number}: {item}. Customer wants to {wish}. Summarise in one sentence.`),
});
