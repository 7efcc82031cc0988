// SPDX-License-Identifier: Apache-2.0

/**
 * The target of the link that leads to the next page in a `Link` header (RFC 8288), as it was written: absolute, or
 * relative to the request. `undefined` when there is none.
 *
 * @public
 */
export function parseNextLink(header: string): string | undefined {
  const pattern = /<([^<>]*)>([^<>]*)/g
  for (const [, target, parameters] of header.slice(0, 16 * 1024).matchAll(pattern)) {
    if (/;\s*rel\s*=\s*"?next"?/i.test(parameters ?? '')) return target
  }
  return undefined
}

/** The `Link` header that leads to `target`. @public */
export function formatNextLink(target: string): string {
  return `<${target}>; rel="next"`
}
