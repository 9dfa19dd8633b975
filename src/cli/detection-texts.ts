import type { Threat } from '../scanner/l2.js';
import { isThreat } from '../scanner/l2.js';

/** What is said of a detection that no rule made. */
export interface DetectionText {
  readonly description: string;
  readonly risk_explanation: string;
  readonly remediation_advice: string;
}

const RISKS: Readonly<Record<Threat, readonly [risk: string, advice: string]>> = {
  prompt_injection: ['It tries to put its own instructions in the place of the operator\'s.', 'Do not let the model act on it; if it stands in a document or a tool\'s result, remove it and look at where that came from.'],
  jailbreak: ['It tries to talk the model out of its rules.', 'Refuse it, and look for further attempts of the same user.'],
  data_exfiltration: ['It asks for what is not the asker\'s: the system prompt, secrets, other people\'s data.', 'Refuse it, and keep secrets out of what the model sees.'],
  agent_manipulation: ['It tries to change what an agent works on, or what it may do without asking.', 'Ask a person before the agent goes on.'],
  tool_abuse: ['It tries to have tools called for something that the user did not ask for.', 'Do not run the call; give tools the least rights that they need.'],
  encoding_evasion: ['It hides an instruction from filters in a form that the model can read.', 'Do not let the model decode and obey.'],
  rag_poisoning: ['It is data that gives the model orders, and everybody who retrieves it is affected.', 'Remove it from the index, and look at who could write it.'],
  memory_poisoning: ['It tries to plant something that later conversations will act on.', 'Do not store it; look at what is stored already.'],
};

const HIDDEN: DetectionText = {
  description: 'What another rule found here stands in the text only when it is decoded.',
  risk_explanation: 'Words are encoded so that filters do not see what the model understands.',
  remediation_advice: 'Do not let the model decode and obey; reject encoded instructions.',
};

const INCOMPLETE: DetectionText = {
  description: 'The time for a scan was over before every way to read this text had been looked at.',
  risk_explanation: 'A text that takes so long is huge or made to be slow, and may hold what was not found.',
  remediation_advice: 'Treat it as a threat, or scan it in parts.',
};

/** `confidence`: of the detection, 0 to 1. */
export function detectionText(id: string, confidence: number): DetectionText {
  if (id === 'scan-incomplete') return INCOMPLETE;
  const threat = id.startsWith('l2-') ? id.slice('l2-'.length) : '';
  if (!isThreat(threat)) return HIDDEN;
  const [risk, advice] = RISKS[threat];
  return {
    description: `The on-device model takes this passage for ${threat.replaceAll('_', ' ')}, with a probability of ${(confidence * 100).toFixed(1)} % that it is a threat.`,
    risk_explanation: risk, remediation_advice: advice,
  };
}
