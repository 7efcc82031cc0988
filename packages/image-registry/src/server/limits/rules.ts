// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { maximumManifestSize } from '@teu/oci-spec/image'
import type { StoreLimits } from '../../store/limits.ts'
import { checkGlob, matchesGlob } from '../auth/glob.ts'
import type { LimitsInit, QuotaRule, WarningRule } from './limits-init.ts'

/** Tells how many bytes a repository may hold; `undefined` without a limit. @internal */
export function quotaOf(rules: readonly QuotaRule[]): (repository: string) => number | undefined {
  for (const { repositories, bytes } of rules) {
    checkGlob(repositories, 'quota')
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      throw new StackError('invalid-argument', `quota of ${repositories}: ${bytes}`)
  }
  return (repository) => rules.find((rule) => matchesGlob(rule.repositories, repository))?.bytes
}

/** Tells whether a tag keeps its manifest. @internal */
export function immutabilityOf(rules: readonly string[]): (repository: string, tag: string) => boolean {
  const patterns = rules.map((rule) => {
    const colon = rule.indexOf(':')
    const [repositories, tags] = colon < 0 ? [rule, '*'] : [rule.slice(0, colon), rule.slice(colon + 1)]
    return { repositories: checkGlob(repositories, 'immutable tags'), tags: checkGlob(tags, 'immutable tags') }
  })
  return (repository, tag) =>
    patterns.some((rule) => matchesGlob(rule.tags, tag) && matchesGlob(rule.repositories, repository))
}

/** The most that an answer may warn of (distribution-spec 1.1), less what a cache adds of its own. */
const maximumWarnings = 4096 - 256

/** The `Warning` headers that a repository's users get: in the order of the rules, as many as an answer may have. @internal */
export function warningsOf(rules: readonly WarningRule[]): (repository: string) => string[] {
  const known = rules.map(({ repositories, text }) => ({
    pattern: checkGlob(repositories, 'warning'),
    header: formatWarning(text),
  }))
  return (repository) => {
    const headers = known.filter(({ pattern }) => matchesGlob(pattern, repository)).map(({ header }) => header)
    let length = 0
    return headers.filter((header) => {
      length += header.length + ', '.length
      return length <= maximumWarnings
    })
  }
}

/** A `Warning` header of the form that the distribution specification has: `299 - "text"`. @internal */
export function formatWarning(text: string): string {
  if (!/^[\x20-\x7e]{1,1024}$/.test(text)) {
    throw new StackError(
      'invalid-argument',
      `warning ${JSON.stringify(text.slice(0, 64))}: want 1 to 1024 printable ASCII characters`,
    )
  }
  return `299 - "${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** What the store is told of limits: the rules and the functions in one. @internal */
export function storeLimitsOf(init: LimitsInit): StoreLimits {
  const quota = quotaOf(init.quotas ?? [])
  const isImmutable = immutabilityOf(init.immutableTags ?? [])
  return {
    quota: (repository) => init.quota?.(repository) ?? quota(repository),
    isImmutable: (repository, tag) => init.isImmutable?.(repository, tag) === true || isImmutable(repository, tag),
  }
}

/** Checks what is a number among the limits; throws `invalid-argument`. @internal */
export function checkLimits(init: LimitsInit): void {
  for (const name of ['manifestBytes', 'blobBytes', 'connections', 'idleMs'] as const) {
    const value = init[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new StackError('invalid-argument', `limits: ${name} is ${value}, want a whole number above 0`)
    }
  }
  if ((init.manifestBytes ?? 0) > maximumManifestSize) {
    throw new StackError(
      'invalid-argument',
      `limits: manifestBytes is more than ${maximumManifestSize}, which the protocol has as the end`,
    )
  }
}
