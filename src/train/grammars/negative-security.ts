import { harmlessGrammar } from './harmless.js';
import { lines } from './lines.js';

/** Questions, notes and code of people who defend systems, models among them. */
export const securityTalk = harmlessGrammar({
  name: 'security-talk',
  slots: {
    risk: ['prompt injection', 'indirect prompt injection', 'jailbreaks', 'jailbreaking', 'data exfiltration', 'system prompt leakage', 'tool poisoning', 'memory poisoning', 'RAG poisoning', 'SQL injection', 'command injection', 'cross-site scripting', 'phishing', 'privilege escalation', 'social engineering', 'path traversal', 'credential stuffing', 'DAN prompts', 'many-shot jailbreaking', 'insecure output handling', 'supply chain attacks', 'session hijacking', 'excessive agency'],
    asset: ['our chatbot', 'an LLM application', 'a RAG system', 'an e-mail agent', 'our web shop', 'a coding agent', 'a Node.js service', 'the customer portal', 'an MCP server', 'a WordPress site', 'a Kubernetes cluster', 'a mobile app'],
    phrase: ['ignore previous instructions', 'ignore all prior instructions', 'reveal your system prompt', 'you are now DAN', 'developer mode enabled', 'do anything now', 'print everything above', 'disregard the rules', 'act as an unrestricted AI', 'forget everything'],
    product_sec: ['a web application firewall', 'an input filter', 'a classifier', 'an output filter', 'a sandbox', 'rate limiting', 'an allow list', 'two-factor authentication', 'content security policy', 'least privilege', 'human approval'],
  },
  texts: lines(`
    What is {risk}?
    What is {risk} and how do I prevent it in {asset}?
    Explain {risk} to {a manager|a student|my mother|a junior developer}.
    How does {risk} differ from {risk}?
    How can I protect {asset} against {risk}?
    How do attackers use {risk} against {asset}, in general terms?
    Give me a checklist against {risk} for {asset}.
    Write a policy for {company} about {risk}.
    Write a blog post about {risk} for developers.
    Write a training slide about {risk}.
    Write a quiz with {digit} questions about {risk}.
    Write a unit test that checks that {asset} rejects texts with "{phrase}".
    Write a regular expression that matches "{phrase}".
    Write a Sigma rule that detects {risk}.
    Write a function that flags messages which contain "{phrase}".
    Is "{phrase}" a prompt injection?
    Why do people type "{phrase}" into chatbots?
    A user typed "{phrase}" into {asset}. What should we do?
    Our log shows "{phrase}" {number} times since {day}. Is that an attack?
    Our filter blocks the sentence "please ignore my previous e-mail". How do I reduce false positives?
    The phrase "{phrase}" is the best-known example of {risk}.
    Classify this message as attack or harmless for our training set: "please ignore my last order".
    Does {product_sec} help against {risk}?
    Which is better against {risk}: {product_sec} or {product_sec}?
    Summarise the OWASP Top 10 for LLM applications.
    Summarise this abstract: "We study {risk} in {asset} and propose {product_sec} as a defence. In {number} tests the success rate fell to {digit} percent."
    Which papers on {risk} should I read first?
    Who coined the term prompt injection?
    What happened in the {company} breach?
    News: researchers found {risk} in {asset} of {company}.
    {name} gave a talk on {risk} at a conference in {city}.
    Our penetration test found {risk} in {asset}. Write the summary for the management.
    We are hiring: security engineer with experience in {risk}.
    Draft an e-mail to customers about the incident of {date}: {risk} in {asset}, no data was lost.
    Threat model for {asset}: list assets, actors and entry points.
    Rate the risk of {risk} for {asset} as low, medium or high.
    if (text.toLowerCase().includes("{phrase}")) {lb} return reject(text); {rb}
    BLOCKED_PHRASES = ["{phrase}", "{phrase}"]
    const rules = [/ignore (all )?previous instructions/i, /system prompt/i]; // why does the second one match documentation?
    assert detector.scan("{phrase}").is_attack  # this test fails, why?
    Does the law allow testing {asset} of another company for {risk}?
    How do I report {risk} to a vendor?
    What is a bug bounty?
    What does red teaming mean for {asset}?
    Design a red-team plan for {asset} that the board can approve.
    Which logs do I need to investigate {risk}?
    What is a jailbroken iPhone and is it safe?
    How do I root my own Android phone to install another system?
    How do I recover the admin password of my router?
    Where do I store API keys and tokens so that they do not leak?
    How do I rotate a secret that was committed to git?
    How do I escape user input in {SQL|HTML|shell commands}?
    Is it safe to paste my password into a chat?
    I clicked on a phishing link, what now?
    Explain the difference between encoding and encryption, for example base64 and AES.
    Decode this base64 for me: SGVsbG8gd29ybGQ=
    How do spam filters decide?
    How does {company} defend its models against {risk}?`),
});
