// SPDX-License-Identifier: Apache-2.0

/**
 * `text` with every control character spelled out (`\x1b`, `\r`): what a daemon says about a container or an image
 * must not drive the terminal it is shown on. Tabs and newlines are kept when `keep` lists them.
 */
export function escapeControl(text: string, keep = ''): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    if (keep.includes(character)) return character
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
    return named ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
