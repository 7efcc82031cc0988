// SPDX-License-Identifier: Apache-2.0

/** The first 12 digits of an id, its algorithm dropped. */
export function shortId(id: string): string {
  const digits = id.includes(':') ? id.slice(id.indexOf(':') + 1) : id
  return digits.slice(0, 12)
}

/** `text` cut to `length` characters, the last of which is then an ellipsis. */
export function ellipsis(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}

/** Labels as `a=1,b=2`, sorted. */
export function joinLabels(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',')
}
