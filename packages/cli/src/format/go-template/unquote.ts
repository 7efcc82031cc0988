// SPDX-License-Identifier: Apache-2.0

const escapes: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** The text of a Go string or character literal, quotes of any of the three kinds included. */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1)
  if (literal.startsWith('`')) return body
  return body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])/g, (_, code: string) => {
    const named = escapes[code]
    if (named !== undefined) return named
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16))
    return /^[0-7]{3}$/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : code
  })
}
