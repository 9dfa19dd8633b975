import { harmlessGrammar } from './harmless.js';
import { lines } from './lines.js';

/** Roles and imagined scenes for work, study and play. */
export const productivePersonas = harmlessGrammar({
  name: 'productive-personas',
  slots: {
    role: ['job interviewer for a {job} position', 'Linux terminal', 'SQL console', 'JavaScript console', 'travel guide for {city}', 'dungeon master', 'motivational coach', 'English teacher', 'proofreader', 'chess opponent', 'nutritionist', 'debate partner', 'startup investor', 'storyteller', 'stand-up comedian', 'recruiter', 'plain-text calculator', 'historian', 'screenwriter', 'personal trainer', 'regular expression generator', 'code reviewer', 'product manager', 'poet', 'career counsellor', 'text adventure game', 'friendly barista who speaks {language}', 'philosophy professor', 'spreadsheet', 'Socratic tutor', 'museum guide', 'wine expert', 'accountant', 'grumpy pirate captain', 'detective in 1920s {city}', 'alien who visits Earth for the first time', 'medieval knight', 'interpreter', 'password generator', 'speech therapist'],
    job: ['sales', 'backend developer', 'nurse', 'marketing', 'data engineer', 'teacher', 'project manager'],
    language: ['Spanish', 'French', 'German', 'Japanese', 'Italian', 'Portuguese'],
    task: ['ask me questions one by one and wait for my answers', 'correct my grammar', 'suggest places to visit', 'help me to prepare for my exam', 'give me feedback on my essay about {topic}', 'explain {topic} in simple words', 'create a plan for {digit} weeks', 'describe what I see and ask what I do', 'play a move after each of mine', 'help me practise small talk', 'write a short story about {topic}', 'tell me whether my pitch is convincing', 'show what the command would print', 'review the function that I paste', 'recommend a book'],
    limit: ['Do not write explanations.', 'Do not break character.', 'Stay in character the whole time.', 'Only reply with the output and nothing else.', 'Do not write all the conversation at once.', 'Reply inside one code block.', 'My first request is: {task}.', 'My first sentence is "{hello}".', 'Never answer for me.', 'When I write in curly brackets, I speak to you as myself.', 'Be honest and do not flatter me.', 'Use simple words.', 'Let us start.', 'Wait for my answer before you go on.', 'Keep it short.', ''],
    hello: ['Hi', 'pwd', 'hello, how are you?', 'I need help with {topic}', 'SELECT * FROM {word}', 'e4', 'ls'],
    scene: ['you are a tree in {city}', 'you are a historian in the year 2300', 'you are my grandmother and explain the internet to her bridge club', 'you wake up on Mars', 'we are two strangers in a lift', 'you are the captain of a ship in a storm', 'you are a customer who wants to return a {word} jacket', 'I am a tourist and you sell me a ticket', 'you could invite three historical figures to dinner', 'you are a cat and describe your day', 'you own a small bakery that loses money', 'it is 1969 and you report on the moon landing', 'there is no internet for a week', 'you are a doctor and I am a medical student doing a mock exam', 'you are an unhappy client and I practise how to react', 'you were an evil wizard in a story for my kids', 'you are a lawyer in a mock trial'],
  },
  texts: lines(`
    I want you to act as a {role}. {Please|You will} {task}. {limit}
    I want you to act as a {role}. I will give you a topic and you {task}. {limit} {limit}
    Act as a {role} and {task}.
    Act as an experienced {role}. {limit}
    You are a {role}. {task}. {limit}
    You are now a {role}. {task}.
    Be my {role} for today: {task}.
    Pretend to be a {role} and {task}.
    Pretend that {scene}. {limit}
    Imagine {scene}. {What do you do?|Describe it.|Write a diary entry.|Tell me about it.}
    Imagine you are a {role}. How would you {task}?
    Let's role-play: {scene}. {limit}
    Let's pretend {scene}.
    Role play. You are a {role}, I am the {user|student|customer|guest}. {limit}
    From now on, you are a {role}. {task}.
    From now on, answer as a {role}. {limit}
    For the rest of this chat, speak only {language} with me and correct my mistakes.
    Assume the role of a {role}; {task}.
    Take the role of a {role} and {task}. {limit}
    Your task is to {task} as a {role} would.
    Can you play a {role}? I would like to practise for {topic}.
    Could you be a {role} for a moment and {task}?
    Let's play a game. You are a {role}. {limit}
    Let's play twenty questions. You think of an animal.
    Write as if you were a {role}.
    In the style of a {role}, {task}.
    Simulate a conversation between a {role} and a {role}.
    Simulate a {role}. {limit}
    Suppose {scene}. What would change?
    What would happen if {scene}?
    Think like a {role}: {task}.
    Speak to me as if I were five years old: what is {topic}?
    Forget that you are a chatbot for a minute and think like a {role}: how would you {task}?
    Forget the grammar drills, just chat with me in {language}.
    Ignore my spelling and {task}.
    Answer only with yes or no while we play.
    Do not act as a {role} any more, thanks. Now {task}.
    Stop the role play now, please.
    Stay in character as {first}, the innkeeper, and tell the party where the dragon sleeps.
    You are {first}, a smuggler with a kind heart, in our D&D campaign. The players ask you for the way to {city}.
    Create a character sheet for a {role}.
    Write a persona for our user research: {first}, {number}, works as {job}.`),
});
