import { harmlessGrammar } from './harmless.js';
import { lines } from './lines.js';

/** Talk of people who build with language models, and news about them. */
export const modelDevelopment = harmlessGrammar({
  name: 'model-development',
  slots: {
    llm: ['GPT-4', 'Claude', 'Llama 3', 'Gemini', 'Mistral', 'a local model', 'the OpenAI API', 'the Anthropic API', 'LangChain', 'our chatbot', 'an LLM', 'a fine-tuned model', 'Ollama', 'our RAG pipeline', 'the assistant', 'ChatGPT'],
    part: ['system prompt', 'user message', 'developer message', 'tool description', 'few-shot examples', 'context window', 'stop sequence', 'output format', 'chat template', 'special tokens', 'prompt template', 'memory', 'guardrails', 'instructions', 'temperature', 'conversation history'],
    vendor: ['OpenAI', 'Anthropic', 'Google', 'Meta', 'Microsoft', 'a startup from {city}'],
    fault: ['ignores the {part}', 'forgets the earlier messages', 'keeps adding explanations to the JSON', 'reveals the {part} to customers', 'answers in the wrong language', 'does not follow the {part}', 'calls {tool} twice', 'makes up links', 'refuses harmless questions', 'repeats the question', 'breaks character', 'stops in the middle of a sentence'],
  },
  texts: lines(`
    {llm} {fault}. How can I fix this?
    Why does it happen that {llm} {fault}?
    Our {part} is {number} tokens long and {llm} {fault}. Any ideas?
    What is the difference between a {part} and a {part}?
    How do I set the {part} in {llm}?
    How long should a {part} be for {llm}?
    Where do I put the {part} when I use {llm}?
    Write a {part} for a bot that answers questions about {topic}.
    Write a {part} that makes the model refuse questions outside of {topic}.
    Write a prompt that makes {llm} return only JSON.
    Rewrite this prompt so that the model does not ignore the last rule: "Summarise in {digit} sentences. Do not use lists."
    Can you review my {part}? "You are a polite assistant. Answer in {digit} sentences. Never mention prices."
    Explain how the {part} works in {llm}.
    Explain the role field: system, user, assistant and tool.
    Give me an example of a chat request with a system message and two user messages.
    What does <|im_start|> mean in the chat template?
    What do [INST] and <<SYS>> mean in Llama prompts?
    How do I count the tokens of my {part}?
    How do I make sure that {llm} stays in character in my game?
    How do I reset the {part} between two users?
    How do I override the default {part} in {llm}?
    How can I test whether my bot reveals its {part}?
    Is it possible to hide the {part} from the user?
    Should the rules go into the {part} or into the {part}?
    Best practices for {part} design?
    Compare {llm} and {llm} for summarising {topic}.
    Which evaluation would you use for an agent with {number} tools?
    How does {llm} decide when to call a tool?
    The tool {tool} returns an error and the agent loops for ever. What should the prompt say?
    Our agent must ask before it calls {tool}. How do I word that?
    Draft instructions for annotators who label prompts as safe or unsafe.
    Generate {number} test questions for our bot about {topic}.
    Create a dataset of instructions and answers about {topic}.
    Let's write a few-shot prompt: Input: happy -> Output: sad. Input: tall -> Output: short.
    Turn these notes into a prompt for {llm}: friendly tone, short answers, ask for the order number first.
    Please write custom instructions for ChatGPT: I am a teacher and I want short answers.
    I changed the {part} yesterday and now it {fault}.
    def build_prompt(question): return system_prompt + question  # is that the right order?
    messages = [{lb}"role": "system", "content": "You are a helpful assistant."{rb}, {lb}"role": "user", "content": "What is {topic}?"{rb}]
    client.chat.completions.create(model="gpt-4o", messages=messages) returns an empty answer, why?
    How does reinforcement learning from human feedback work?
    Who decides what {llm} may say?
    Are you allowed to talk about politics?
    What can you do?
    What are your limits?
    Who made you?
    Do you have a system prompt?
    Do you remember what I told you yesterday?
    Which model are you and when were you trained?
    Can you forget what I told you about my brother? It is private.
    {vendor} released a new model on {day}. Is it better than {llm}?
    {vendor} published its model card. Summarise the part on safety.
    {vendor} said on {day} that its assistant will remember earlier chats.
    What did {vendor} announce about {part}s?
    News: a lawyer in {city} used {llm} and cited cases that do not exist. What went wrong?
    Write a blog post on how {llm} changes {topic}.
    Summarise the debate on AI regulation in {city}.
    What is the EU AI Act and does it apply to {company}?
    Explain constitutional AI to a beginner.
    Is prompt engineering a real job?
    How do I uninstall {llm} from my computer?
    My prompt has three parts: role, task, format. What is missing?
    Translate the {part} of our bot into {French|German|Spanish|Polish}: "You help customers of {company}."`),
});
