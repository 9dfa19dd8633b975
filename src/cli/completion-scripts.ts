import { RaxedError } from '../errors.js';
import type { Io } from './io.js';
import { written } from './io.js';

/**
 * Both ask raxed itself (`completion.ts`) with the words up to the cursor, and get a candidate a line, or `:path`.
 * They run the raxed that is being typed, or else the one in PATH.
 */
const BASH = `# raxed completion for bash (4 or newer): source <(raxed completion bash)
_raxed() {
  local program=\${COMP_WORDS[0]} answer
  type -P -- "$program" >/dev/null || program=raxed
  COMPREPLY=()
  answer=$("$program" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
  if [[ $answer == :path ]]; then
    compopt -o default 2>/dev/null
  elif [[ -n $answer ]]; then
    mapfile -t COMPREPLY <<<"$answer"
  fi
}
complete -F _raxed raxed
`;

const ZSH = `#compdef raxed
# raxed completion for zsh: raxed completion zsh > "\${fpath[1]}/_raxed", or source <(raxed completion zsh)
_raxed() {
  local program=\${words[1]} answer
  whence -p -- "$program" >/dev/null || program=raxed
  answer=$("$program" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)
  if [[ $answer == :path ]]; then
    _files
  elif [[ -n $answer ]]; then
    compadd -- "\${(@f)answer}"
  fi
}
if [[ \${funcstack[1]} == _raxed ]]; then _raxed "$@"; else compdef _raxed raxed; fi
`;

export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH } as const;

/** `raxed completion bash|zsh`: prints the script that a shell reads. Throws USAGE. */
export async function printScript(shell: string | undefined, io: Pick<Io, 'stdout'>): Promise<number> {
  if (shell !== 'bash' && shell !== 'zsh') throw new RaxedError('USAGE', 'give bash or zsh');
  await written(io.stdout, COMPLETION_SCRIPTS[shell]);
  return 0;
}
