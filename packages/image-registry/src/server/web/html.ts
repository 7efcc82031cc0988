// SPDX-License-Identifier: Apache-2.0

/** Text that is HTML already. @internal */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What can stand in a template: text, which is escaped, markup, which is not, and lists of them; nothing for no value. @internal */
export type Content = Markup | string | number | undefined | false | readonly Content[]

/**
 * A template whose values are escaped, for text and for attributes in double quotes. Only what came out of it, or of
 * nothing else, is taken as it is.
 *
 * @internal
 */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, at) => part + (at < values.length ? render(values[at]) : '')).join(''))
}

function render(value: Content): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(render).join('')
  return escaped(String(value))
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** All control characters but tab and line feed, and formatting ones such as those of direction. */
const unprintable = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu

function escaped(text: string): string {
  // Control characters are no HTML at all; those that turn the direction of writing around can make text lie.
  return text.replace(/[&<>"']/g, (character) => entities[character] as string).replace(unprintable, '\ufffd')
}
