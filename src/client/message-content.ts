/** Messages as frameworks have them, read without their types: what is not of the expected shape holds no text. */

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text of a content that is a string, or a list of strings and of parts with a `text` (or a `refusal`). */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return joinTexts(listOf(content).map((part) => {
    if (typeof part === 'string') return part;
    const { text, refusal } = recordOf(part);
    return stringOf(text) || stringOf(refusal);
  }));
}

/** `contentText` of what a model answered: its reasoning is not said to anybody. A part of that name in others' messages is text like any. */
export function answerText(content: unknown): string {
  return contentText(Array.isArray(content) ? content.filter((part) => !['reasoning', 'thinking'].includes(stringOf(recordOf(part)['type']))) : content);
}

export function joinTexts(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n');
}

/** A tool's arguments: what a JSON object stands for, anything else as it is. */
export function argumentsOf(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? {};
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null ? parsed : value;
  } catch {
    return value;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
